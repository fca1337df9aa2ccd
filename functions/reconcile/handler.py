"""Every day, and after a restore: recount all, finish what was cut short, tell every difference."""

from typing import Any

from referrals.acts.erasure import brought_back, erase
from referrals.acts.reconcile import reconcile
from referrals.acts.settlement import settle_customer
from referrals.edge import clock, service
from referrals.edge.schedules import scheduled
from referrals.edge.settings import settings
from referrals.edge.telemetry import Metric, count, count_outcomes, logger
from referrals.rules.attribution import Actor

TOLD_DIFFERENCES = 100


@scheduled
def handler() -> dict[str, Any]:
    table, secret, programme = service.table(), service.hashing_secret(), settings().programme
    found = reconcile(table)
    for difference in found.differences[:TOLD_DIFFERENCES]:
        logger.error("difference", extra={"difference": difference})
    count(Metric.RECONCILE_DIFFERENCES, len(found.differences), always=True)
    # First, for what an erasure is moving cannot be settled.
    named_again = brought_back(secret, found.named, found.tombstones)
    for user_id in sorted({*found.unfinished_erasures, *named_again}):
        linked = found.named.get(user_id, frozenset())
        erase(table, secret, user_id, None, programme, linked)
    actor = Actor(name="schedule", at=clock.now(), why="reconcile")
    for customer_id in found.unsettled:
        count_outcomes(settle_customer(table, secret, customer_id, programme, actor))
    return {
        "items": found.items,
        "differences": list(found.differences[:TOLD_DIFFERENCES]),
        "difference_count": len(found.differences),
    }
