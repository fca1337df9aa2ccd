"""Every day, and after a restore: recount all, tell every difference, finish what was cut short.

What one run has no time for is the next one's, which comes soon after.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.acts.reconcile import reconcile
from referrals.edge import clock, service
from referrals.edge.credits_backend import books
from referrals.edge.schedules import scheduled
from referrals.edge.settings import settings
from referrals.edge.telemetry import Metric, count, count_outcomes, logger, metrics
from referrals.rules.attribution import Actor
from referrals.store.runs import Schedule

TOLD_DIFFERENCES = 100


@scheduled(Schedule.RECONCILE)
def begin() -> dict[str, Any]:
    return _reconciled(anew=True)


@scheduled(Schedule.RECONCILE, worth_noting=lambda figures: figures["items"] > 0)
def go_on() -> dict[str, Any]:
    return _reconciled(anew=False)


def _reconciled(*, anew: bool) -> dict[str, Any]:
    actor = Actor(name="schedule", at=clock.now(), why="reconcile")
    secret, programme = service.hashing_secret(), settings().programme
    told: list[str] = []
    answer = {"items": 0, "difference_count": 0, "done": True}
    steps = reconcile(service.table(), secret, programme, actor, anew=anew, books=books())
    for step in steps:
        if step.first:
            told.clear()
        for difference in step.differences[: TOLD_DIFFERENCES - len(told)]:
            logger.error("difference", extra={"difference": difference})
            told.append(difference)
        count_outcomes(step.outcomes)
        so_far = step.next or step.done
        answer = {
            "items": so_far.items,
            "difference_count": so_far.differences,
            "done": step.next is None,
        }
        if step.compared:
            count(Metric.RECONCILE_DIFFERENCES, so_far.differences, always=True)
            # Before anything is repaired: that may take until the time is over.
            metrics.flush_metrics()
        logger.info("progress", extra={"phase": so_far.phase, **answer})
        count(Metric.RECONCILED_ITEMS, so_far.items - step.done.items)
    if not answer["done"] and told:
        # Whoever has to look need not wait for the end.
        count(Metric.RECONCILE_DIFFERENCES, answer["difference_count"])
    return {**answer, "differences": told}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Both schedules: one begins, the other goes on with what is left, if anything is."""
    return go_on(event, context) if event.get("left") else begin(event, context)
