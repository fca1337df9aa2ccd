"""What a schedule starts: its figures are logged, its failure is a failure, its time is given."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.edge import service
from referrals.edge.telemetry import logger, metrics, unexpected


def scheduled(
    act: Callable[[], dict[str, Any]],
) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda entry of a scheduled act: its figures are logged, its failure is a failure."""

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        service.give_time(context)
        try:
            figures = act()
        except Exception as error:
            unexpected(error)
            raise
        logger.info("done", extra=figures)
        return figures

    return handler
