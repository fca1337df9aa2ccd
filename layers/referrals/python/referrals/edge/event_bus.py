"""How an event goes to the account's own bus: by PutEvents, one a call.

A call may take ten, and be answered for each alone; but what comes later in a referral's life must
not pass what failed before it, and EventBridge is paid by the event and not by the call.
"""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from referrals.dynamodb import sdk
from referrals.rules.events import Event
from referrals.rules.retries import Answer

# What rules match by, beside the type of the event.
SOURCE = "referrals"


def put(bus: str, event: Event) -> Answer:
    """What the bus answered. Its `detail` is the body that receivers get, and the webhook's id."""
    if not bus:
        # As from a receiver that is gone: until a name is given again, and a replay.
        return Answer(HTTPStatus.GONE, problem="no event bus is named")
    detail = {"webhook_id": event.id, **json.loads(event.body())}
    entry = {
        "EventBusName": bus,
        "Source": SOURCE,
        "DetailType": str(event.type),
        "Time": event.at,
        "Detail": json.dumps(detail, separators=(",", ":")),
    }
    try:
        (told,) = _events().put_events(Entries=[entry])["Entries"]
    except ClientError as error:
        return Answer(problem=f"EventBridge: {error.response['Error']['Code']}")
    except BotoCoreError as error:
        return Answer(problem=f"EventBridge: {type(error).__name__}", silent=True)
    # The call succeeds whatever becomes of what is in it.
    if "ErrorCode" in told:
        return Answer(problem=f"EventBridge: {told['ErrorCode']}")
    return Answer(HTTPStatus.OK)


@cache
def _events() -> Any:
    retries = {"mode": "standard", "total_max_attempts": 3}
    return sdk.client(
        "events", connect_timeout=1, read_timeout=3, retries=retries, max_pool_connections=16
    )
