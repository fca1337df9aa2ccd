"""What no gateway stands before: its figures are logged, its failure a failure, its time given."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.dynamodb.table import Table
from referrals.edge import clock, service
from referrals.edge.telemetry import logger, metrics, unexpected
from referrals.store import runs
from referrals.store.runs import Schedule

Figures = dict[str, Any]
Handler = Callable[[dict[str, Any], LambdaContext], Figures]


def invoked(act: Callable[[dict[str, Any]], Figures]) -> Handler:
    """The Lambda entry of an act that is told what to do it on."""

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> Figures:
        service.give_time(context)
        try:
            figures = act(event)
        except Exception as error:
            unexpected(error)
            raise
        logger.info("done", extra=figures)
        return figures

    return handler


def scheduled(
    schedule: Schedule, *, worth_noting: Callable[[Figures], bool] | None = None
) -> Callable[[Callable[[], Figures]], Handler]:
    """The Lambda entry of an act that a schedule starts: whatever there is to do.

    When it was last done, and when it failed, is noted; not of a run with nothing worth it.
    """

    def entry(act: Callable[[], Figures]) -> Handler:
        def noted(_: dict[str, Any]) -> Figures:
            try:
                figures = act()
            except Exception as error:
                _note(runs.failed, schedule, error)
                raise
            if worth_noting is None or worth_noting(figures):
                _note(runs.done, schedule, figures)
            return figures

        return invoked(noted)

    return entry


def _note(
    write: Callable[[Table, Schedule, datetime, Any], None], schedule: Schedule, what: Any
) -> None:
    """What was done is done, and what failed has failed, whether that can be noted or not."""
    try:
        write(service.table(), schedule, clock.now(), what)
    except Exception:
        logger.warning("the run could not be noted", exc_info=True)
