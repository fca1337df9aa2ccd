"""The little Stripe's objects as its events bring them, in the shapes of two API versions."""

from tests import stripe_payloads as payloads
from tests.simulation.stripe_books import Dispute, Invoice, Payment, Refund
from tests.stripe_payloads import BASIL, OLD, Payload, Sale


def invoice_object(invoice: Invoice, shape: str, *, expanded: bool = False) -> Payload:
    """An invoice. Only an older one names a payment; a newer lists them where it is `expanded`."""
    last = invoice.payments[-1] if invoice.payments else None
    paid = invoice.paid_at is not None
    sale = _sale(invoice.number, invoice, shape, invoice.asked)
    object = _object_of(payloads.invoice_paid(sale)) | {
        "amount_paid": invoice.amount if shape == BASIL else invoice.collected,
        "amount_remaining": 0 if paid else invoice.asked - invoice.collected,
        "billing_reason": invoice.reason,
        "status": "paid" if paid else "open",
        "status_transitions": {"finalized_at": invoice.created, "paid_at": invoice.paid_at},
    }
    if not invoice.subscription:
        (line,) = object["lines"]["data"]
        by_hand = {"subscription": None, "subscription_item": None, "parent": None}
        object["lines"] |= {"data": [line | by_hand | {"type": "invoiceitem"}]}
    if shape == OLD:
        return object | {
            "charge": last and last.charge,
            "payment_intent": last and last.intent,
            "paid": paid,
            "paid_out_of_band": invoice.out_of_band,
            "subscription": "sub_1" if invoice.subscription else None,
        }
    if not invoice.subscription:
        object["parent"] = None
    if expanded:
        made = [invoice_payment_object(one, invoice) for one in invoice.payments]
        object["payments"] = {"object": "list", "data": made, "has_more": False}
    return object


def invoice_payment_object(payment: Payment, invoice: Invoice) -> Payload:
    """What names both a payment and its invoice, since API 2025-03-31."""
    default = payment is invoice.payments[0]
    return payloads.invoice_payment(_paid(payment), invoice=invoice.id, is_default=default)


def charge_object(payment: Payment, invoice: Invoice | None, shape: str) -> Payload:
    """A charge with what is refunded of it so far. Only an older one names its invoice."""
    refunded = payment.refunded
    object = _object_of(payloads.charge_refunded(_paid(payment, shape), refunded))
    object |= {"disputed": bool(payment.disputes)}
    return object | {"invoice": invoice and invoice.id} if shape == OLD else object


def refund_object(refund: Refund, payment: Payment) -> Payload:
    failed = {"failure_reason": "lost_or_stolen_card"} if refund.status == "failed" else {}
    named = {"id": refund.id, "amount": refund.amount, "created": refund.created}
    return _object_of(payloads.refund(_paid(payment), status=refund.status, **named)) | failed


def dispute_object(dispute: Dispute, payment: Payment) -> Payload:
    named = {"id": dispute.id, "amount": dispute.amount, "created": dispute.created}
    return _object_of(payloads.dispute_created(_paid(payment), status=dispute.status, **named))


def warning_object(payment: Payment) -> Payload:
    return _object_of(payloads.fraud_warning(_paid(payment), actionable=payment.warning))


def customer_object(customer: str, at: int) -> Payload:
    return _object_of(payloads.customer_event(Sale(customer=customer, paid_at=at)))


def _paid(payment: Payment, shape: str = BASIL) -> Sale:
    return _sale(payment.number, payment, shape, payment.amount)


def _sale(number: str, told: Invoice | Payment, shape: str, amount: int) -> Sale:
    return Sale(
        customer=told.customer,
        number=number,
        amount=amount,
        currency=told.currency,
        paid_at=told.created,
        email=f"{told.customer}@example.com",
        shape=shape,
    )


def _object_of(payload: Payload) -> Payload:
    found: Payload = payload["data"]["object"]
    return found
