"""Logs and metrics. Neither carries secrets, addresses, agents, tokens or e-mail addresses."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    # Most functions settle nothing, and need not load what settling takes.
    from referrals.acts.granting import Outcome

logger = Logger()
metrics = Metrics()


class Metric(StrEnum):
    """What the dashboard and the alarms of template.yaml may ask for, by name."""

    CLICKS = "Clicks"
    SIGNUPS = "Signups"
    QUALIFICATIONS = "Qualifications"
    GRANTS = "Grants"
    GRANT_ERRORS = "GrantErrors"
    OLDEST_PENDING_GRANT = "OldestPendingGrant"
    REVERSALS = "Reversals"
    RECONCILE_DIFFERENCES = "ReconcileDifferences"
    RECONCILED_ITEMS = "ReconciledItems"
    METERING_REFUSALS = "MeteringRefusals"
    WEBHOOK_SIGNATURE_FAILURES = "WebhookSignatureFailures"
    SIGNED_WEBHOOKS = "SignedWebhooks"
    UNEXPECTED_ERRORS = "UnexpectedErrors"
    UNREADABLE_EVENTS = "UnreadableEvents"
    UNMATCHED_CLAIMS = "UnmatchedClaims"
    WRONG_SECRETS = "WrongSecrets"
    EVENTS_DELIVERED = "EventsDelivered"
    FAILED_DELIVERIES = "FailedDeliveries"
    MISSED_DELIVERIES = "MissedDeliveries"
    ENDPOINTS_SWITCHED_OFF = "EndpointsSwitchedOff"


def count(metric: Metric, number: int = 1, *, always: bool = False) -> None:
    """Add to a counter; `always` tells of a nought too, which says that somebody looked."""
    if number or always:
        metrics.add_metric(name=metric, unit=MetricUnit.Count, value=number)


def age(metric: Metric, seconds: float) -> None:
    """Record an age in seconds."""
    metrics.add_metric(name=metric, unit=MetricUnit.Seconds, value=seconds)


def unexpected(error: Exception) -> None:
    """Log what nobody foresaw, and count it: a rollout in which it happens is taken back."""
    logger.error("unexpected error", exc_info=error)
    count(Metric.UNEXPECTED_ERRORS)


def count_outcomes(outcomes: "Iterable[Outcome]") -> None:
    """What was done to referrals, as the figures that the dashboard shows.

    A signup qualifies and grants as well where Stripe was faster than the product.
    """
    for outcome in outcomes:
        for change in outcome.changes:
            count(Metric.SIGNUPS, int(change.before is None))
            unqualified = change.before is None or change.before.qualified_at is None
            qualifies = unqualified and change.after.qualified_at is not None
            count(Metric.QUALIFICATIONS, int(qualifies))
            count(Metric.GRANTS, sum(entry.kind == "grant" for entry in change.ledger))
            count(Metric.REVERSALS, sum(entry.kind == "reversal" for entry in change.ledger))
        count(Metric.GRANT_ERRORS, len(outcome.errors))
