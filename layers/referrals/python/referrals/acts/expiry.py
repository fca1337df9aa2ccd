"""Expiry: attributions whose window is over, unless a payment was made in time after all."""

import logging
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice

from referrals.acts.granting import Outcome, carry_out
from referrals.acts.settlement import settle_attribution
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules import life
from referrals.rules.attribution import Actor, Attribution, Status
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW, timestamp
from referrals.store import attributions, keys

log = logging.getLogger(__name__)

# Tried side by side, and then it is looked whether there is time for more.
_AT_ONCE = 100


def expire_due(
    table: Table, secret: bytes, programme: Programme, actor: Actor
) -> Iterator[Outcome]:
    """Expire what is due, oldest first, as much as there is time for; what came of it.

    One that fails keeps no other waiting, and what is left is the next run's.
    """

    def expire(attribution_id: str) -> Outcome | None:
        try:
            attribution = attributions.get(table, attribution_id)
            if attribution and life.expire(attribution, actor.at, actor):
                return _expire(table, secret, attribution, programme, actor)
        except Exception:
            log.exception("expiry failed", extra={"attribution": attribution_id})
        return None

    candidates = _candidates(table, programme, actor.at)
    while some := list(islice(candidates, _AT_ONCE)):
        yield from filter(None, side_by_side(expire, some))
        if not table.in_time:
            return


def _expire(
    table: Table, secret: bytes, attribution: Attribution, programme: Programme, actor: Actor
) -> Outcome:
    settled = settle_attribution(table, secret, attribution, programme, actor)
    return settled.then(
        carry_out(
            table,
            settled.attribution,
            lambda current, _: life.expire(current, actor.at, actor),
            programme,
            actor,
        )
    )


def _candidates(table: Table, programme: Programme, now: datetime) -> Iterator[str]:
    """Those old enough for today's window, oldest first; each knows its own end better."""
    latest = timestamp(now - programme.window - CLOCK_SKEW)

    def entries(lane: int) -> Iterator[tuple[str, str]]:
        partition = "in_status", keys.in_lane(Status.ATTRIBUTED, lane)
        found = table.query_index(keys.BY_STATUS, partition, sort=("created_at", "<=", latest))
        return ((entry["created_at"], entry["pk"]) for entry in found)

    for _, place in merge(*map(entries, range(keys.LANES))):
        yield keys.attribution_id_of(place)
