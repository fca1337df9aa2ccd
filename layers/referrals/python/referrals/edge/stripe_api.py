"""What an event leaves out, asked of Stripe: only where the operator gave an API key."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from referrals.acts.intake import Fact
from referrals.edge.models.stripe import Charge
from referrals.edge.stripe_events import charge_facts
from referrals.rules.errors import StripeUnavailable
from referrals.rules.payment import ChargeSeen, DisputeSeen

if TYPE_CHECKING:
    from stripe import StripeClient

T = TypeVar("T")

_TIMEOUT_SECONDS = 3
_RETRIES = 1


def completed(facts: Sequence[Fact], api_key: str, secret: bytes) -> list[Fact]:
    """The facts, with the charge of a dispute and the invoice of a refund. StripeUnavailable.

    The ordinary events bring all that is needed; only rare ones cost a request.
    """
    found: list[Fact] = []
    for fact in facts:
        if isinstance(fact, DisputeSeen):
            found += _charge(api_key, fact.charge_id, secret)
        found.append(fact)
    return [
        _with_invoice(api_key, fact) if isinstance(fact, ChargeSeen) else fact for fact in found
    ]


def _charge(api_key: str, charge_id: str, secret: bytes) -> list[Fact]:
    answer = _asked(lambda: _client(api_key).v1.charges.retrieve(charge_id))
    if answer is None:
        return []
    return charge_facts(Charge.model_validate(answer.to_dict()), secret)


def _with_invoice(api_key: str, charge: ChargeSeen) -> ChargeSeen:
    """Since API 2025-03-31 a charge does not name its invoice; its payment intent leads there."""
    intent = charge.payment_intent_id
    if charge.invoice_id or not intent or not charge.refunded:
        return charge
    answer = _asked(
        lambda: _client(api_key).v1.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": intent}, "limit": 1}
        )
    )
    payments: list[Any] = answer.data if answer is not None else []
    return replace(charge, invoice_id=str(payments[0].invoice)) if payments else charge


def _asked(question: Callable[[], T]) -> T | None:
    """Stripe's answer; None where it knows of no such thing. StripeUnavailable for a failure."""
    import stripe

    try:
        return question()
    except stripe.InvalidRequestError:
        return None
    except stripe.StripeError as error:
        raise StripeUnavailable("Stripe failed or timed out") from error


@cache
def _client(api_key: str) -> "StripeClient":
    import stripe

    return stripe.StripeClient(
        api_key,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        max_network_retries=_RETRIES,
    )
