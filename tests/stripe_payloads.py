"""Stripe's events, written from its documented schema, in the shapes of two API versions.

`stripe_objects/*.json` hold the objects; `"$customer"` and the like stand for a sale's figures.
Since 2025-03-31 an invoice no longer names its charge, nor a charge its invoice: an invoice
payment names the invoice and the payment intent, and an event's invoice has no list of them.
"""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

OLD = "2024-06-20"
BASIL = "2025-03-31.basil"
SHAPES = (OLD, BASIL)

_OBJECTS = Path(__file__).parent / "stripe_objects"
_numbers = itertools.count(1)

Payload = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One payment of one customer, with every id that Stripe gives around it.

    `of_invoice` is the invoice that it pays a part of; a `one_off` pays none.
    """

    customer: str
    number: str = field(default_factory=lambda: str(next(_numbers)))
    amount: int = 4900
    currency: str = "eur"
    billing_reason: str = "subscription_create"
    paid_at: int = field(default_factory=lambda: int(time.time()))
    card: str = ""
    email: str = "sam@example.com"
    shape: str = BASIL
    of_invoice: str = ""
    one_off: bool = False

    @property
    def invoice(self) -> str:
        return self.of_invoice or f"in_{self.number}"

    @property
    def charge(self) -> str:
        return f"ch_{self.number}"

    @property
    def values(self) -> dict[str, Any]:
        """What stands for each name in the objects."""
        return vars(self) | {
            "invoice": self.invoice,
            "charge": self.charge,
            "intent": f"pi_{self.number}",
            "dispute": f"du_{self.number}",
            "warning": f"issfr_{self.number}",
            "invoice_payment": f"inpay_{self.number}",
            "refund": f"re_{self.number}",
            "card": self.card or f"card{self.number}",
        }


def event(sale: Sale, type: str, object: Payload, **frame: Any) -> Payload:
    """The frame in which Stripe sends an object; every event has an id of its own."""
    return {
        "id": f"evt_{sale.number}x{next(_numbers)}",
        "object": "event",
        "api_version": sale.shape,
        "created": sale.paid_at,
        "data": {"object": object},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type,
    } | frame


def parts(sale: Sale, *amounts: int) -> list[Sale]:
    """Several payments, each with ids of its own, that pay the sale's invoice together."""
    return [
        replace(sale, number=f"{sale.number}p{number}", amount=amount, of_invoice=sale.invoice)
        for number, amount in enumerate(amounts, 1)
    ]


def later(payload: Payload, seconds: int) -> Payload:
    """The event as one that Stripe made so much later."""
    return payload | {"created": payload["created"] + seconds}


def of_account(payload: Payload, account: str = "acct_other") -> Payload:
    """The event as one of a connected account, another business."""
    return payload | {"account": account}


def in_live_mode(payload: Payload) -> Payload:
    """The event as one of real money; all others are of test mode."""
    object = payload["data"]["object"] | {"livemode": True}
    return payload | {"livemode": True, "data": {"object": object}}


def invoice_paid(sale: Sale, type: str = "invoice.paid", **changes: Any) -> Payload:
    return event(sale, type, _object("invoice", sale, versioned=True) | changes)


def invoice_still_open(sale: Sale, amount: int = 0) -> Payload:
    """A payment that succeeded and left something to pay; on older versions, one not settled."""
    open = {"status": "open", "amount_paid": amount, "amount_remaining": sale.amount - amount}
    if sale.shape == OLD:
        open |= {"paid": False}
    transitions = {"finalized_at": sale.paid_at, "paid_at": None}
    return invoice_paid(sale, "invoice.payment_succeeded", status_transitions=transitions, **open)


def invoice_paid_out_of_band(sale: Sale) -> Payload:
    """Marked as paid with money that Stripe never saw: only newer versions count it as paid."""
    if sale.shape == OLD:
        unseen = {"paid_out_of_band": True, "amount_paid": 0, "charge": None}
        return invoice_paid(sale, payment_intent=None, amount_remaining=sale.amount, **unseen)
    return invoice_paid(sale)


def expanded_invoice_paid(sale: Sale, payments: Sequence[Payload]) -> Payload:
    """The invoice with its list of payments, as those who ask for it have it."""
    found = {"object": "list", "data": list(payments), "has_more": False}
    return invoice_paid(sale, payments=found | {"url": "/v1/invoice_payments"})


def invoice_payment(sale: Sale, status: str = "paid", **changes: Any) -> Payload:
    """The object that names both the invoice and the payment intent: open, paid or canceled."""
    made = _object("invoice_payment", sale) | {"status": status}
    if status != "paid":
        made |= {"amount_paid": None, "status_transitions": {"canceled_at": None, "paid_at": None}}
    return made | changes


def invoice_payment_paid(sale: Sale, **changes: Any) -> Payload:
    """Since 2025-05-28. The object names no customer."""
    return event(sale, "invoice_payment.paid", invoice_payment(sale, **changes))


def payment(sale: Sale) -> list[Payload]:
    """What Stripe sends of an ordinary payment of a subscription's invoice."""
    events = [charge_succeeded(sale), invoice_paid(sale)]
    return [*events, invoice_payment_paid(sale)] if sale.shape == BASIL else events


def charge_succeeded(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "charge.succeeded", _charge(sale) | changes)


def _charge(sale: Sale) -> Payload:
    charge = _object("charge", sale, versioned=True)
    if sale.one_off and sale.shape == OLD:
        charge |= {"invoice": None}
    return charge


def charge_refunded(sale: Sale, refunded: int | None = None, **changes: Any) -> Payload:
    """The charge with what was refunded in all so far: everything where no amount is given."""
    amount = sale.amount if refunded is None else refunded
    charge = _charge(sale)
    charge |= {"amount_refunded": amount, "refunded": amount == sale.amount}
    return event(sale, "charge.refunded", charge | changes)


def refund(sale: Sale, type: str = "refund.created", **changes: Any) -> Payload:
    """A refund of the sale: `status` is pending, requires_action, succeeded, failed or canceled.

    Types are refund.created, .updated and .failed (every refund's since 2024-10-28), and the
    older charge.refund.updated.
    """
    return event(sale, type, _object("refund", sale) | changes)


def refund_failed(sale: Sale, type: str = "refund.failed", **changes: Any) -> Payload:
    """The bank sent the money back: the charge's refunded amount is that much smaller again."""
    failed = {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    failed |= {"failure_balance_transaction": "txn_3"}
    return refund(sale, type, **failed | changes)


def checkout_completed(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "checkout.session.completed", _object("checkout.session", sale) | changes)


def customer_event(sale: Sale, type: str = "customer.created", **changes: Any) -> Payload:
    return event(sale, type, _object("customer", sale) | changes)


def dispute_created(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "charge.dispute.created", _object("dispute", sale) | changes)


def dispute_updated(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "charge.dispute.updated", _object("dispute", sale) | changes)


def dispute_closed(sale: Sale, status: str, **changes: Any) -> Payload:
    dispute = _object("dispute", sale) | {"status": status}
    return event(sale, "charge.dispute.closed", dispute | changes)


def fraud_warning(sale: Sale, **changes: Any) -> Payload:
    object = _object("radar.early_fraud_warning", sale) | changes
    return event(sale, "radar.early_fraud_warning.created", object)


def fraud_warning_updated(sale: Sale, *, actionable: bool = False, **changes: Any) -> Payload:
    """Nothing to be done any more: it was refunded, disputed, or taken back by the issuer."""
    object = _object("radar.early_fraud_warning", sale) | {"actionable": actionable}
    return event(sale, "radar.early_fraud_warning.updated", object | changes)


def thin_event(sale: Sale, type: str = "v2.core.event_destination.ping") -> Payload:
    """A thin event: it names what happened and to what, and holds no data."""
    return {
        "id": f"evt_test_{sale.number}x{next(_numbers)}",
        "object": "v2.core.event",
        "context": None,
        "created": "2026-11-20T12:00:00.000Z",
        "livemode": False,
        "reason": None,
        "related_object": {
            "id": "ed_test_1",
            "type": "v2.core.event_destination",
            "url": "/v2/core/event_destinations/ed_test_1",
        },
        "type": type,
    }


def encoded(payload: Payload) -> bytes:
    """The bytes as Stripe sends them."""
    return json.dumps(payload, indent=2).encode()


def signature(payload: bytes, *secrets: str, at: float | None = None) -> str:
    """The Stripe-Signature header: one v1 for every secret."""
    stamp = int(time.time() if at is None else at)
    signed = b"%d." % stamp + payload
    digests = (hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets)
    return ",".join([f"t={stamp}", *(f"v1={digest}" for digest in digests), "v0=6ffbb59b"])


@cache
def _stored(name: str) -> str:
    return (_OBJECTS / f"{name}.json").read_text()


def _object(kind: str, sale: Sale, *, versioned: bool = False) -> Payload:
    name = f"{kind}.{sale.shape}" if versioned else kind
    return _filled(json.loads(_stored(name)), sale.values)


def _filled(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if isinstance(value, str) and value.startswith("$"):
        return values[value[1:]]
    return value
