"""Whether an account has the concurrency that a stack reserves: a new one has not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release.failure import Failure
from release.parameters import Parameters
from release.transformed import Template

# Lambda lets nobody reserve the last of it.
NEVER_RESERVED = 100


def refuse_without_room(
    functions: Any, template: Template, earlier: Mapping[str, str] | None, wanted: Parameters
) -> None:
    """Failure where the stack would reserve more than it has and the account can give."""
    held = reserved(template, earlier) if earlier is not None else 0
    further = reserved(template, wanted) - held
    if further <= 0:
        return
    limit = functions.get_account_settings()["AccountLimit"]
    free = max(limit["UnreservedConcurrentExecutions"] - NEVER_RESERVED, 0)
    if further > free:
        raise Failure(
            f"the stack reserves {further} concurrent executions, and of this account's "
            f"{limit['ConcurrentExecutions']} it can reserve {free}. "
            'PARAMS="ReserveConcurrency=false" does without; a higher quota is asked for with '
            "aws service-quotas request-service-quota-increase --service-code lambda "
            "--quota-code L-B99A9384 --desired-value 1000"
        )


def reserved(template: Template, parameters: Mapping[str, str]) -> int:
    """What the functions of the template reserve together under these parameters."""
    if parameters.get("ReserveConcurrency") != "true":
        return 0
    total = 0
    for resource in template["Resources"].values():
        wanted = resource.get("Properties", {}).get("ReservedConcurrentExecutions")
        if wanted is not None:
            _, number, _ = wanted["Fn::If"]
            total += int(parameters[number["Ref"]] if isinstance(number, dict) else number)
    return total
