"""How receivers are: that they take events, say nothing for now, or are sent nothing more.

A write in vain is one to an endpoint that was deleted, and stays so.
"""

from contextlib import suppress
from datetime import datetime

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.rules.times import timestamp
from referrals.store import keys
from referrals.store.webhook_endpoints import Endpoint

_THERE = "attribute_exists(pk)"


def disable(table: Table, endpoint_id: str, why: str, now: datetime) -> bool:
    """Send it nothing more, and whether this ended it: the first time and reason stay."""
    values = {":now": timestamp(now), ":why": why}
    unless = f"{_THERE} AND attribute_not_exists(disabled_at)"
    expression = "SET disabled_at = :now, disabled_why = :why"
    place = keys.webhook_endpoint(endpoint_id)
    try:
        table.write(table.update("disabled", place, expression, values, condition=unless))
    except Refused:
        return False
    return True


def note_arrival(table: Table, endpoint: Endpoint, now: datetime) -> None:
    """It took an event: one write an hour and process at most, so that no event waits for it."""
    known = f"{now:%Y%m%d%H} {endpoint.id}"
    if known in table.seen:
        return
    values = {":now": timestamp(now)}
    place = keys.webhook_endpoint(endpoint.id)
    try:
        table.write(
            table.update("arrived", place, "SET arrived_at = :now", values, condition=_THERE)
        )
    except Refused:
        return
    table.seen.add(known)


def fell_silent(table: Table, endpoint_id: str, until: datetime) -> None:
    """It gives no answer: likely so until a time."""
    values = {":until": timestamp(until)}
    place = keys.webhook_endpoint(endpoint_id)
    with suppress(Refused):
        table.write(
            table.update("silent", place, "SET silent_until = :until", values, condition=_THERE)
        )


def is_back(table: Table, endpoint_id: str) -> None:
    """It answers again."""
    place = keys.webhook_endpoint(endpoint_id)
    with suppress(Refused):
        table.write(table.update("back", place, "REMOVE silent_until", {}, condition=_THERE))
