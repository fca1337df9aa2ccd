"""What no gateway stands before: its figures are logged, its failure a failure, its time given."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.edge import service
from referrals.edge.telemetry import logger, metrics, unexpected

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


def scheduled(act: Callable[[], Figures]) -> Handler:
    """The Lambda entry of an act that a schedule starts: whatever there is to do."""
    return invoked(lambda _: act())
