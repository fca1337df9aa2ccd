"""Which kinds of Stripe's events have come, and when the last of each did."""

from datetime import date

from referrals.dynamodb.table import Table
from referrals.rules.subscription import KindSeen
from referrals.store import keys


def note(table: Table, kind: str, api_version: str, today: date) -> None:
    """It came today. Once per process and day is enough, so no event waits for a busy item."""
    known = f"{today} {kind}"
    if known in table.seen:
        return
    values = {":day": today.isoformat(), ":version": api_version}
    expression = "SET last_seen = :day, api_version = :version"
    table.write(table.update("kind", keys.event_kind(kind), expression, values))
    table.seen.add(known)


def last_seen(table: Table) -> dict[str, KindSeen]:
    """Every kind that ever came."""
    found = table.query(keys.EVENT_KINDS, prefix=keys.KIND_PREFIX)
    return {
        item["sk"].removeprefix(keys.KIND_PREFIX): KindSeen(
            date.fromisoformat(item["last_seen"]), item["api_version"]
        )
        for item in found
    }
