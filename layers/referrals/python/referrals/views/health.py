"""What an on-call person opens first: what ran, what waits, and what Stripe last said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules.subscription import KindSeen
from referrals.rules.times import parse_timestamp
from referrals.store import event_kinds, keys, pending, runs
from referrals.store.event_kinds import Unsigned
from referrals.store.runs import Runs, Schedule


@dataclass(frozen=True)
class Owed:
    """The referral whose reward is tried next, and when that is due."""

    attribution_id: str
    next_attempt_at: datetime


@dataclass(frozen=True)
class Stripe:
    """When the last signed event came, the kinds that ever did, and what was not signed."""

    last_event_at: datetime | None
    kinds: Mapping[str, KindSeen]
    unsigned: Sequence[Unsigned]


@dataclass(frozen=True)
class Health:
    """How the service fares."""

    schedules: Mapping[Schedule, Runs]
    oldest_owed: Owed | None
    stripe: Stripe


def health(table: Table) -> Health:
    """All of it in one round trip, whatever the table's size."""
    ran, owed, stripe = together(
        lambda: runs.last(table), lambda: _oldest_owed(table), lambda: _stripe(table)
    )
    return Health(ran, owed, stripe)


def _oldest_owed(table: Table) -> Owed | None:
    owed = pending.oldest(table)
    if owed is None:
        return None
    return Owed(keys.attribution_id_of(owed["pk"]), parse_timestamp(owed["next_attempt_at"]))


def _stripe(table: Table) -> Stripe:
    return Stripe(
        *together(
            lambda: event_kinds.last_arrival(table),
            lambda: event_kinds.last_seen(table),
            lambda: event_kinds.unsigned(table),
        )
    )
