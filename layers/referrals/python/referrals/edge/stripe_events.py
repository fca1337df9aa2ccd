"""Stripe's events as facts: payloads from before and after API 2025-03-31 read alike.

docs/stripe.md says what each of them tells and changes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
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
    InvoicePayment,
    InvoicePayments,
    InvoiceWithLines,
    Refund,
    StatusTransitions,
    StripeEvent,
    Warning,
)
from referrals.edge.settings import StripeScope
from referrals.rules.errors import UnreadableEvent
from referrals.rules.facts import (
    ChargeSeen,
    CustomerCameBy,
    CustomerLinked,
    DisputeSeen,
    InvoicePaid,
    InvoicePaymentSeen,
    RefundSeen,
    WarningSeen,
)
from referrals.rules.ids import keyed_hash

_HANDLED: dict[str, Callable[[StripeEvent, bytes], list[Fact]]] = {}
_CLOSED = frozenset({"won", "lost", "warning_closed", "prevented"})
# An inquiry that ends without a chargeback leaves the money where it is.
_MONEY_STAYS = frozenset({"won", "warning_closed", "prevented"})
_FALLEN_THROUGH = frozenset({"failed", "canceled"})


@dataclass(frozen=True)
class Told:
    """An event that counts: what it is, when Stripe made it, in which shape, and what it tells."""

    kind: str
    event_id: str
    at: datetime
    api_version: str
    facts: list[Fact]


def told_by(payload: bytes, scope: StripeScope, secret: bytes) -> Told | None:
    """What a signed event tells; None for one that is not ours to read.

    Its kind is read first, whatever shape it has: only of a kind that is handled anything more
    is expected. UnreadableEvent where that is not there.
    """
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadableEvent("the event is not well-formed JSON") from error
    kind = event.get("type") if isinstance(event, dict) else None
    read = _HANDLED.get(kind) if isinstance(kind, str) else None
    if read is None or not _counts(event, scope):
        return None
    try:
        # A surrogate without its other half is no text, and could be stored nowhere.
        json.dumps(event, ensure_ascii=False).encode()
        frame = StripeEvent.model_validate(event)
        facts = read(frame, secret)
    except ValidationError as error:
        raise UnreadableEvent("malformed Stripe event", errors=_fields(error)) from error
    except UnicodeEncodeError as error:
        raise UnreadableEvent("the event is not well-formed Unicode") from error
    return Told(
        kind=frame.type,
        event_id=frame.id,
        at=_time(frame.created),
        api_version=str(event.get("api_version") or ""),
        facts=facts,
    )


def _counts(event: dict[str, Any], scope: StripeScope) -> bool:
    """Whether it is of the account and of a mode that count; no word of the mode counts."""
    live = event.get("livemode")
    return (event.get("account") or "") == scope.account and (
        not isinstance(live, bool) or live in scope.modes
    )


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
    links = _link(invoice.customer, invoice.named_user())
    if not invoice.is_paid:
        return links
    if invoice.amount is None:
        missing = [{"field": "amount_paid", "message": "says nothing of what was paid"}]
        raise UnreadableEvent("malformed Stripe event", errors=missing)
    transitions = invoice.status_transitions or StatusTransitions()
    paid = InvoicePaid(
        invoice_id=invoice.id,
        customer_id=invoice.customer,
        event_id=event.id,
        amount_paid=invoice.amount,
        currency=invoice.currency,
        billing_reason=invoice.billing_reason or _reason_by_subscription(invoice, event),
        paid_at=_time(transitions.paid_at or event.created or invoice.created),
        told_at=_time(event.created),
        charge_id=invoice.charge,
        payment_intent_id=invoice.payment_intent,
    )
    listed = (invoice.payments or InvoicePayments()).data
    payments = [_payment_seen(one, invoice.id, invoice.customer) for one in listed]
    return [paid, *(one for one in payments if one), *links]


def _reason_by_subscription(invoice: Invoice, event: StripeEvent) -> str:
    """Older API versions leave the reason out of an invoice: a subscription raised it or nobody."""
    if invoice.named_subscription():
        return "subscription"
    lines = InvoiceWithLines.model_validate(event.data.object)
    return "subscription" if lines.named_subscription() else ""


@_reads("invoice_payment.paid")
def _invoice_payment_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    payment = InvoicePayment.model_validate(event.data.object)
    if payment.invoice is None:
        return []
    seen = _payment_seen(payment, payment.invoice, None, status="paid")
    return [seen] if seen else []


def _payment_seen(
    payment: InvoicePayment, invoice_id: str, customer_id: str | None, status: str = "open"
) -> InvoicePaymentSeen | None:
    """None for money that went past Stripe: no claim of Stripe's names that."""
    paid_with = payment.payment
    if paid_with is None or not (paid_with.charge or paid_with.payment_intent):
        return None
    asked = payment.amount_requested if payment.amount_paid is None else payment.amount_paid
    return InvoicePaymentSeen(
        payment_id=payment.id,
        invoice_id=invoice_id,
        customer_id=customer_id,
        charge_id=paid_with.charge,
        payment_intent_id=paid_with.payment_intent,
        amount=asked,
        currency=payment.currency,
        status=payment.status or status,
    )


def payment_facts(payment: InvoicePayment) -> list[Fact]:
    """An invoice payment as the API answers it."""
    seen = _payment_seen(payment, payment.invoice, None) if payment.invoice else None
    return [seen] if seen else []


@_reads("checkout.session.completed")
def _checkout_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    session = CheckoutSession.model_validate(event.data.object)
    if session.customer is None:
        return []
    details = session.customer_details or CustomerDetails()
    return [
        *_link(session.customer, session.named_user()),
        *_came_by(session.customer, session.named_click(), event),
        *_email(session.customer, details.email, secret),
    ]


@_reads("customer.created", "customer.updated")
def _customer_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    customer = Customer.model_validate(event.data.object)
    return [
        *_link(customer.id, customer.user_id),
        *_came_by(customer.id, customer.click_id, event),
        *_email(customer.id, customer.email, secret),
    ]


@_reads("charge.succeeded", "charge.refunded")
def _charge_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    return charge_facts(Charge.model_validate(event.data.object), _time(event.created), secret)


def charge_facts(charge: Charge, told_at: datetime, secret: bytes) -> list[Fact]:
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
        currency=charge.currency,
        created_at=_time(charge.created),
        told_at=told_at,
        invoice_id=charge.invoice,
        payment_intent_id=charge.payment_intent,
        card=keyed_hash(secret, "card", fingerprint) if fingerprint else None,
        one_off=charge.pays_no_invoice,
    )
    return [seen, *_link(charge.customer, charge.user_id)]


@_reads("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
def _refund_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    refund = Refund.model_validate(event.data.object)
    if refund.charge is None and refund.payment_intent is None:
        return []
    status = refund.status or ("failed" if event.type == "refund.failed" else "succeeded")
    return [
        RefundSeen(
            refund_id=refund.id,
            amount=refund.amount,
            currency=refund.currency,
            status=status,
            created_at=_time(refund.created),
            failed_at=_time(event.created) if status in _FALLEN_THROUGH else None,
            charge_id=refund.charge,
            payment_intent_id=refund.payment_intent,
        )
    ]


@_reads("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed")
def _dispute_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    dispute = Dispute.model_validate(event.data.object)
    return [
        DisputeSeen(
            dispute_id=dispute.id,
            charge_id=dispute.charge,
            payment_intent_id=dispute.payment_intent,
            amount=dispute.amount,
            currency=dispute.currency,
            told_at=_time(event.created),
            closed=event.type == "charge.dispute.closed" or dispute.status in _CLOSED,
            won=dispute.status in _MONEY_STAYS,
        )
    ]


@_reads("radar.early_fraud_warning.created", "radar.early_fraud_warning.updated")
def _warning_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    warning = Warning.model_validate(event.data.object)
    return [
        WarningSeen(
            warning_id=warning.id,
            charge_id=warning.charge,
            payment_intent_id=warning.payment_intent,
            actionable=warning.actionable,
            told_at=_time(event.created),
        )
    ]


def _link(customer_id: str, user_id: str | None) -> list[Fact]:
    return [CustomerLinked(customer_id=customer_id, user_id=user_id)] if user_id else []


def _came_by(customer_id: str, click_id: str | None, event: StripeEvent) -> list[Fact]:
    if click_id is None:
        return []
    told_at = _time(event.created)
    return [CustomerCameBy(customer_id=customer_id, click_id=click_id, told_at=told_at)]


def _email(customer_id: str, email: str | None, secret: bytes) -> list[Fact]:
    hashed = emails.hashed(secret, email)
    return [EmailSeen(customer_id=customer_id, email_hash=hashed)] if hashed else []


def _time(epoch: int | None) -> datetime:
    """The time; long ago where none is told, so that any other news is the later one."""
    return datetime.fromtimestamp(epoch or 0, UTC)
