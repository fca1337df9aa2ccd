"""How a function starts another, and does not wait for it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from referrals.dynamodb import sdk


def start(function: str, payload: Mapping[str, Any]) -> None:
    """Have Lambda run a function, named by its ARN: soon, at least once, and again if it fails."""
    _lambda().invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(payload).encode()
    )


@cache
def _lambda() -> Any:
    retries = {"mode": "standard", "total_max_attempts": 3}
    return sdk.client(
        "lambda", connect_timeout=1, read_timeout=3, retries=retries, max_pool_connections=16
    )
