"""Stripe's events as facts: payloads from before and after API 2025-03-31 read alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from referrals.acts.intake import EmailSeen, Fact
from referrals.edge import emails
from referrals.edge.models.stripe import (
    Charge,
    CheckoutSession,
    Customer,
    CustomerDetails,
    Dispute,
    Invoice,
    StatusTransitions,
    StripeEvent,
    valid_user_id,
)
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import keyed_hash
from referrals.rules.payment import ChargeSeen, CustomerLinked, DisputeSeen, InvoicePaid

_HANDLED: dict[str, Callable[[StripeEvent, bytes], list[Fact]]] = {}


def facts_of(event: dict[str, Any], secret: bytes) -> list[Fact] | None:
    """What an event tells; None for one of another kind. InvalidRequest for a malformed one."""
    try:
        frame = StripeEvent.model_validate(event)
        read = _HANDLED.get(frame.type)
        return None if read is None else read(frame, secret)
    except ValidationError as error:
        raise InvalidRequest("malformed Stripe event", errors=_fields(error)) from error


def _fields(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"field": ".".join(str(part) for part in problem["loc"]), "message": problem["msg"]}
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _reads(*types: str) -> Callable[[Any], Any]:
    def register(read: Any) -> Any:
        _HANDLED.update(dict.fromkeys(types, read))
        return read

    return register


@_reads("invoice.paid", "invoice.payment_succeeded")
def _invoice_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    invoice = Invoice.model_validate(event.data.object)
    if invoice.customer is None:
        return []
    charge_id, payment_intent_id = invoice.paid_with()
    transitions = invoice.status_transitions or StatusTransitions()
    paid_at = transitions.paid_at or event.created or invoice.created or 0
    paid = InvoicePaid(
        invoice_id=invoice.id,
        customer_id=invoice.customer,
        event_id=event.id,
        amount_paid=invoice.amount_paid,
        currency=invoice.currency,
        # Older API versions leave the reason out of a subscription's invoice.
        billing_reason=invoice.billing_reason or "subscription",
        paid_at=_time(paid_at),
        charge_id=charge_id,
        payment_intent_id=payment_intent_id,
    )
    return [paid, *_link(invoice.customer, invoice.named_user())]


@_reads("checkout.session.completed")
def _checkout_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    session = CheckoutSession.model_validate(event.data.object)
    if session.customer is None:
        return []
    user_id = valid_user_id(session.client_reference_id) or session.user_id
    details = session.customer_details or CustomerDetails()
    return [
        *_link(session.customer, user_id),
        *_email(session.customer, details.email, secret),
    ]


@_reads("customer.created", "customer.updated")
def _customer_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    customer = Customer.model_validate(event.data.object)
    return [
        *_link(customer.id, customer.user_id),
        *_email(customer.id, customer.email, secret),
    ]


@_reads("charge.succeeded", "charge.refunded")
def _charge_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    return charge_facts(Charge.model_validate(event.data.object), secret)


def charge_facts(charge: Charge, secret: bytes) -> list[Fact]:
    """A charge, in an event or as the API answers it; a guest's is nobody's first payment."""
    if charge.customer is None:
        return []
    card = charge.payment_method_details.card if charge.payment_method_details else None
    fingerprint = card.fingerprint if card else None
    seen = ChargeSeen(
        charge_id=charge.id,
        customer_id=charge.customer,
        amount=charge.amount,
        refunded=charge.amount_refunded,
        created_at=_time(charge.created),
        invoice_id=charge.invoice,
        payment_intent_id=charge.payment_intent,
        card=keyed_hash(secret, "card", fingerprint) if fingerprint else None,
    )
    return [seen, *_link(charge.customer, charge.user_id)]


@_reads("charge.dispute.created", "charge.dispute.closed")
def _dispute_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    dispute = Dispute.model_validate(event.data.object)
    closed = event.type == "charge.dispute.closed"
    return [
        DisputeSeen(
            dispute_id=dispute.id,
            charge_id=dispute.charge,
            payment_intent_id=dispute.payment_intent,
            closed=closed,
            # An inquiry that ends without a chargeback leaves the money where it is.
            won=closed and dispute.status in ("won", "warning_closed"),
        )
    ]


@_reads("radar.early_fraud_warning.created")
def _warning_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    warning = Dispute.model_validate(event.data.object)
    return [
        DisputeSeen(
            dispute_id=warning.id,
            charge_id=warning.charge,
            payment_intent_id=warning.payment_intent,
            warning=True,
        )
    ]


def _link(customer_id: str, user_id: str | None) -> list[Fact]:
    return [CustomerLinked(customer_id=customer_id, user_id=user_id)] if user_id else []


def _email(customer_id: str, email: str | None, secret: bytes) -> list[Fact]:
    hashed = emails.hashed(secret, email)
    return [EmailSeen(customer_id=customer_id, email_hash=hashed)] if hashed else []


def _time(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
