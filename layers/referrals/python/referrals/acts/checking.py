"""Checking: what the trail holds and no endpoint has, though nobody is seeing to it, is due again.

A start of who delivers can be lost, and so can a sender with what it held. It walks every referral,
and where it has no time for all, the next run goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Attribution
from referrals.store import attributions, deliveries, feed, keys, trail, webhook_endpoints
from referrals.store.deliveries import Delivery
from referrals.store.walk import BEGINNING, Seen, referrals
from referrals.store.webhook_endpoints import Endpoint

# By when what happened has been handed on, whatever stumbles once or twice.
_ON_ITS_WAY = timedelta(minutes=15)
# Of a deleted endpoint nobody sends any more.
_OVER = timedelta(hours=1)
_AT_ONCE = 100


@dataclass(frozen=True)
class Checked:
    """How many referrals were looked at, what was missed, and how many endpoints were cleared."""

    referrals: int
    missed: int
    cleared: int


def check(table: Table, now: datetime) -> Checked:
    """Have due what was missed, and clear away what deleted endpoints left."""
    gone = webhook_endpoints.deleted_before(table, now - _OVER)
    cleared = 0
    for endpoint_id in gone:
        if deliveries.forget(table, endpoint_id) and feed.forget(table, endpoint_id):
            webhook_endpoints.cleared(table, endpoint_id)
            cleared += 1
    listening = [one for one in webhook_endpoints.every(table) if one.enabled]
    looked_at = missed = 0
    walk = referrals(table, _left(table)) if listening else iter(())
    while some := list(islice(walk, _AT_ONCE)):
        found = attributions.get_many(table, [attribution_id for _, attribution_id in some])
        for endpoint in listening:
            missed += _missed(table, endpoint, list(found.values()), now)
        looked_at += len(some)
        if not table.in_time:
            _leave(table, some[-1][0])
            return Checked(looked_at, missed, cleared)
    if listening:
        _leave(table, BEGINNING)
    return Checked(looked_at, missed, cleared)


def _missed(table: Table, endpoint: Endpoint, found: list[Attribution], now: datetime) -> int:
    known = deliveries.get_many(table, endpoint.id, [one.id for one in found])

    def look(one: Attribution) -> bool:
        delivery = known.get(one.id) or Delivery(endpoint_id=endpoint.id, attribution_id=one.id)
        # Whoever let go had sent the whole of the last version; who died may have sent a part.
        whole = delivery.holder is None and delivery.sent.version >= one.version
        if whole or delivery.is_seen_to(now):
            return False
        if not _lacks(table, endpoint, delivery, now - _ON_ITS_WAY):
            return False
        deliveries.put_off(table, endpoint.id, one.id, now, now)
        return True

    return sum(side_by_side(look, found))


def _lacks(table: Table, endpoint: Endpoint, delivery: Delivery, before: datetime) -> bool:
    try:
        found = trail.read(table, delivery.attribution_id)
    except Busy:
        # An erasure is moving a booking: tomorrow.
        return False
    later = found.after(delivery.sent) if found else ()
    return any(endpoint.hears(step) and step.at < before for step in later)


def _left(table: Table) -> Seen:
    item = table.get(keys.CHECKED)
    return Seen(item["lane"], item["seen"]) if item else BEGINNING


def _leave(table: Table, seen: Seen) -> None:
    item: Item = {"pk": keys.CHECKED.pk, "sk": keys.CHECKED.sk}
    table.write(table.put("checked", {**item, "lane": seen.lane, "seen": seen.key}))
