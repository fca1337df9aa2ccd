"""Every day: what the trail holds and no endpoint has is sent; what deleted endpoints left goes."""

from referrals.acts.checking import check
from referrals.edge import clock, service
from referrals.edge.schedules import scheduled
from referrals.edge.telemetry import Metric, count, logger
from referrals.store.runs import Schedule


@scheduled(Schedule.CHECK_DELIVERIES)
def handler() -> dict[str, int]:
    done = check(service.table(), clock.now())
    count(Metric.MISSED_DELIVERIES, done.missed)
    if done.missed:
        logger.warning("what happened had not been handed on", extra={"referrals": done.missed})
    return {"referrals": done.referrals, "missed": done.missed, "cleared": done.cleared}
