"""Expiry: attributions whose window is over, unless a payment was made in time after all."""

import logging
from collections.abc import Iterator
from datetime import datetime

from referrals.rules import life
from referrals.rules.attribution import Actor, Status
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW, timestamp
from referrals.store import attributions, keys
from referrals.store.granting import carry_out
from referrals.store.settlement import settle_attribution
from referrals.store.table import Table

log = logging.getLogger(__name__)


def expire_due(table: Table, secret: bytes, programme: Programme, actor: Actor) -> int:
    """Expire what is due, oldest first; how many were. One that fails keeps no other waiting."""
    expired = 0
    for attribution_id in list(_candidates(table, programme, actor.at)):
        try:
            expired += _expire(table, secret, attribution_id, programme, actor)
        except Exception:
            log.exception("expiry failed", extra={"attribution": attribution_id})
    return expired


def _expire(
    table: Table, secret: bytes, attribution_id: str, programme: Programme, actor: Actor
) -> bool:
    attribution = attributions.get(table, attribution_id)
    if attribution is None or life.expire(attribution, actor.at, actor) is None:
        return False
    settled = settle_attribution(table, secret, attribution, programme, actor).attribution
    outcome = carry_out(
        table,
        settled,
        lambda current, _: life.expire(current, actor.at, actor),
        programme,
        actor,
    )
    return outcome.attribution.status is Status.EXPIRED


def _candidates(table: Table, programme: Programme, now: datetime) -> Iterator[str]:
    """Those old enough for today's window, oldest first; each knows its own end better."""
    latest = timestamp(now - programme.window - CLOCK_SKEW)
    entries = table.query_index(
        keys.BY_STATUS, ("status", Status.ATTRIBUTED.value), sort=("created_at", "<=", latest)
    )
    for entry in entries:
        yield keys.attribution_id_of(entry["pk"])
