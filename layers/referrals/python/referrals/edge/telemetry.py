"""Logs and metrics. Neither carries secrets, addresses, agents, tokens or e-mail addresses."""

from collections.abc import Callable, Iterable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.store.granting import Outcome

logger = Logger()
metrics = Metrics()


def count(name: str, number: int = 1, *, always: bool = False) -> None:
    """Add to a counter; `always` tells of a nought too, which says that somebody looked."""
    if number or always:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)


def age(name: str, seconds: float) -> None:
    """Record an age in seconds."""
    metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=seconds)


def scheduled(
    act: Callable[[], dict[str, Any]],
) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda entry of a scheduled act: its figures are logged, its failure is a failure."""

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        figures = act()
        logger.info("done", extra=figures)
        return figures

    return handler


def count_outcomes(outcomes: Iterable[Outcome]) -> None:
    """What settling did, as the figures that the dashboard shows."""
    for outcome in outcomes:
        for change in outcome.changes:
            born = change.before is None or change.before.qualified_at is None
            count("Qualifications", int(born and change.after.qualified_at is not None))
            count("Grants", sum(entry.kind == "grant" for entry in change.ledger))
            count("Reversals", sum(entry.kind == "reversal" for entry in change.ledger))
        count("GrantErrors", len(outcome.errors))
