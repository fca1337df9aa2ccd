"""Which kinds of Stripe's events have come, when the last of all did, and what was not signed.

Each process writes now and then, so that no event waits for a busy item, and so that strangers can
have no more written than there are processes.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import dynamodb_values
from referrals.rules.subscription import KindSeen
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

_UNSIGNED_KEPT = timedelta(days=8)


def note_arrival(table: Table, now: datetime) -> None:
    """A signed event came. Once per process and minute is enough."""
    if _first_in_its_minute(table, "arrived", now):
        values = {":at": timestamp(now)}
        table.write(table.update("last", keys.LAST_EVENT, "SET arrived = :at", values))


def note_unsigned(table: Table, now: datetime) -> None:
    """Something came that Stripe has not signed: strangers have no more written than one each."""
    if _first_in_its_minute(table, "unsigned", now):
        expires = int((now + _UNSIGNED_KEPT).timestamp())
        table.add(
            keys.bad_signatures(now.date()),
            UpdateExpression="ADD came :one SET last_at = :at, expires_epoch = :expires",
            ExpressionAttributeValues=dynamodb_values(
                {":one": 1, ":at": timestamp(now), ":expires": expires}
            ),
        )


def _first_in_its_minute(table: Table, what: str, now: datetime) -> bool:
    known = f"{what} {now:%Y-%m-%dT%H:%M}"
    if known in table.seen:
        return False
    table.seen.add(known)
    return True


@dataclass(frozen=True)
class Unsigned:
    """At least so many came of a day without a valid signature, and when the last did."""

    day: date
    at_least: int
    last_at: datetime


def unsigned(table: Table) -> list[Unsigned]:
    """By day, the latest first."""
    found = table.query(keys.EVENT_KINDS, prefix=keys.BAD_SIGNATURES_PREFIX, newest_first=True)
    return [
        Unsigned(
            date.fromisoformat(item["sk"].removeprefix(keys.BAD_SIGNATURES_PREFIX)),
            int(item["came"]),
            parse_timestamp(item["last_at"]),
        )
        for item in found
    ]


def last_arrival(table: Table) -> datetime | None:
    """When the last signed event came, to the minute; None where none did."""
    item = table.get(keys.LAST_EVENT)
    return parse_timestamp(item["arrived"]) if item else None


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
