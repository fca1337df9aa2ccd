"""Feeding: what happened is put into the order in which an endpoint without a URL asks for it.

Of each referral every step comes once and after those before it, whoever else does the same at the
same time, dies in between or comes minutes late: docs/decisions.md, "Who asks reads an order".
"""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from referrals.dynamodb.parts import Busy, too_busy
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.events import NOWHERE, Place
from referrals.store import deliveries, feed, trail
from referrals.store.deliveries import Delivery
from referrals.store.feed import News, Slot
from referrals.store.trail import Trail
from referrals.store.webhook_endpoints import Endpoint

_MOVED = timedelta(minutes=1)
_MENDED = timedelta(hours=1)


def put_in_order(
    table: Table, endpoint: Endpoint, referrals: Iterable[str], now: datetime, holder: str
) -> int:
    """Put what is new of some referrals behind what is in the order; how many events that is.

    What cannot be read for now, or where too many others do the same, is due later.
    """
    trails = _trails(table, endpoint, list(referrals), now, holder)
    try:
        return _append(table, endpoint, trails, now)
    except Busy:
        for attribution_id in trails:
            deliveries.put_off(table, endpoint.id, attribution_id, now, now + _MOVED)
        return 0


def _append(table: Table, endpoint: Endpoint, trails: Mapping[str, Trail], now: datetime) -> int:
    for wait in table.waits():
        last = feed.last(table, endpoint.id)
        # Read after the last slot, and at least as far as that: what is new is in no slot then,
        # and as long as the next one is free, in none that follows.
        known = _settled(table, endpoint.id, last, trails, now)
        slot = Slot(last.number + 1, tuple(_news(endpoint, trails, known)))
        if not slot.news or feed.append(table, endpoint.id, slot):
            _settle(table, endpoint.id, slot.news, now)
            _see_to(table, endpoint.id, [known[one] for one in trails if one in known], now)
            return sum(len(one.steps) for one in slot.news)
        time.sleep(wait)
    raise Busy(f"{endpoint.id}: others kept putting events in order")


def _trails(
    table: Table, endpoint: Endpoint, referrals: list[str], now: datetime, holder: str
) -> dict[str, Trail]:
    """Those that can be read; of the others it is noted that they are due later."""

    def read(attribution_id: str) -> Trail | None:
        try:
            return trail.read(table, attribution_id)
        except (LookupError, TypeError, ValueError):
            _keep(table, endpoint, attribution_id, now, holder)
        except Exception as error:
            if not too_busy(error):
                raise
            deliveries.put_off(table, endpoint.id, attribution_id, now, now + _MOVED)
        return None

    found = side_by_side(read, referrals)
    return {one.id: one for one in found if one is not None}


def _keep(
    table: Table, endpoint: Endpoint, attribution_id: str, now: datetime, holder: str
) -> None:
    """Ours to repair, shown with what did not arrive, and looked at again each hour."""
    held = deliveries.claim(table, endpoint.id, attribution_id, holder, now)
    if held is not None:
        deliveries.failed(table, held, "the referral cannot be read", now, now + _MENDED)


def _settled(
    table: Table, endpoint_id: str, last: Slot, trails: Mapping[str, Trail], now: datetime
) -> dict[str, Delivery]:
    """How far each referral is in the order, up to its end: whoever put it there may have died."""
    ends = {one.attribution_id: one.through for one in last.news}
    known = deliveries.get_many(table, endpoint_id, [*trails, *ends])
    behind = [one for one in last.news if _sent(known, one.attribution_id) < one.through]
    if behind:
        _settle(table, endpoint_id, behind, now)
        known = deliveries.get_many(table, endpoint_id, list(trails))
    return known


def _settle(table: Table, endpoint_id: str, news: Iterable[News], now: datetime) -> None:
    side_by_side(
        lambda one: deliveries.reached(table, endpoint_id, one.attribution_id, one.through, now),
        list(news),
    )


def _see_to(table: Table, endpoint_id: str, known: Iterable[Delivery], now: datetime) -> None:
    due = [one for one in known if one.next_attempt_at and one.next_attempt_at <= now]
    side_by_side(lambda one: deliveries.seen_to(table, endpoint_id, one.attribution_id, now), due)


def _news(
    endpoint: Endpoint, trails: Mapping[str, Trail], known: Mapping[str, Delivery]
) -> Iterable[News]:
    for attribution_id, found in trails.items():
        later = found.after(_sent(known, attribution_id))
        steps = tuple(step.place for step in later if endpoint.hears(step))
        if steps:
            yield News(attribution_id, steps, later[-1].place)


def _sent(known: Mapping[str, Delivery], attribution_id: str) -> Place:
    return known[attribution_id].sent if attribution_id in known else NOWHERE
