"""What no event has told, asked of Stripe: only where the operator gave an API key."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from referrals.acts.intake import Fact
from referrals.edge.models.stripe import Charge, Endpoint, InvoicePayment
from referrals.edge.stripe_events import charge_facts, payment_facts
from referrals.rules.claims import UnmatchedClaim
from referrals.rules.errors import StripeUnavailable
from referrals.rules.facts import ChargeSeen

if TYPE_CHECKING:
    from stripe import StripeClient

T = TypeVar("T")

_TIMEOUT_SECONDS = 3
_RETRIES = 1
_MOST_PAYMENTS = 100
_PATH = "/webhooks/stripe"


def looked_up(
    claims: Iterable[UnmatchedClaim], api_key: str, told_at: datetime, secret: bytes
) -> list[Fact]:
    """Whose the claims' charges are, and which invoices they paid. StripeUnavailable.

    That a charge paid none is an answer too, and kept with it. The answers are taken for as old
    as the event that raised the question: what Stripe tells later is later.
    """
    return [fact for claim in claims for fact in _looked_up(claim, api_key, told_at, secret)]


def _looked_up(claim: UnmatchedClaim, api_key: str, told_at: datetime, secret: bytes) -> list[Fact]:
    charge = _charge(api_key, claim.charge_id) if claim.charge_id else None
    known = charge_facts(charge, told_at, secret) if charge else []
    intent = claim.payment_intent_id or (charge.payment_intent if charge else None)
    if intent is None:
        return known
    payments = [fact for one in _payments(api_key, intent) for fact in payment_facts(one)]
    if not payments:
        return [_as_one_off(fact) for fact in known]
    return [*known, *payments]


def _as_one_off(fact: Fact) -> Fact:
    return replace(fact, one_off=True) if isinstance(fact, ChargeSeen) else fact


def _charge(api_key: str, charge_id: str) -> Charge | None:
    answer = _asked(lambda: client(api_key).v1.charges.retrieve(charge_id))
    return Charge.model_validate(answer.to_dict()) if answer is not None else None


def _payments(api_key: str, intent: str) -> list[InvoicePayment]:
    """The payment intent's payments of invoices."""
    answer = _asked(
        lambda: client(api_key).v1.invoice_payments.list(
            {
                "payment": {"type": "payment_intent", "payment_intent": intent},
                "limit": _MOST_PAYMENTS,
            }
        )
    )
    found = answer.data if answer is not None else []
    return [InvoicePayment.model_validate(one.to_dict()) for one in found]


def endpoints(api_key: str) -> list[Endpoint]:
    """The webhook endpoints that lead to this service, where they are enabled. StripeUnavailable"""
    found = _asked(lambda: list(client(api_key).v1.webhook_endpoints.list().auto_paging_iter()))
    if found is None:
        raise StripeUnavailable("Stripe does not list its webhook endpoints")
    known = [Endpoint.model_validate(one.to_dict()) for one in found]
    return [one for one in known if one.url.endswith(_PATH) and one.status == "enabled"]


def _asked(question: Callable[[], T]) -> T | None:
    """Stripe's answer; None where it knows of no such thing. StripeUnavailable for a failure."""
    import stripe

    try:
        return question()
    except stripe.InvalidRequestError:
        return None
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise StripeUnavailable("Stripe refuses the API key") from error
    except stripe.StripeError as error:
        raise StripeUnavailable("Stripe failed or timed out") from error


@cache
def client(api_key: str) -> "StripeClient":
    """A client for one key; what it sends once more bears the same idempotency key."""
    import stripe

    return stripe.StripeClient(
        api_key,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        max_network_retries=_RETRIES,
    )
