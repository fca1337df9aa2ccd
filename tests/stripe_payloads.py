"""Stripe's events, written from its documented schema, in the shapes of two API versions.

`stripe_objects/*.json` hold the objects; `"$customer"` and the like stand for a sale's figures.
Since 2025-03-31 an invoice no longer names its charge, nor a charge its invoice.
"""

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
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
    """One payment of one customer, with every id that Stripe gives around it."""

    customer: str
    number: str = field(default_factory=lambda: str(next(_numbers)))
    amount: int = 4900
    currency: str = "eur"
    billing_reason: str = "subscription_create"
    paid_at: int = field(default_factory=lambda: int(time.time()))
    card: str = ""
    email: str = "sam@example.com"
    shape: str = BASIL

    @property
    def invoice(self) -> str:
        return f"in_{self.number}"

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


def invoice_paid(sale: Sale, type: str = "invoice.paid", **changes: Any) -> Payload:
    return event(sale, type, _object("invoice", sale, versioned=True) | changes)


def charge_succeeded(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "charge.succeeded", _object("charge", sale, versioned=True) | changes)


def charge_refunded(sale: Sale, refunded: int | None = None, **changes: Any) -> Payload:
    """The charge with what was refunded in all so far: everything where no amount is given."""
    amount = sale.amount if refunded is None else refunded
    charge = _object("charge", sale, versioned=True)
    charge |= {"amount_refunded": amount, "refunded": amount == sale.amount}
    return event(sale, "charge.refunded", charge | changes)


def checkout_completed(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "checkout.session.completed", _object("checkout.session", sale) | changes)


def customer_event(sale: Sale, type: str = "customer.created", **changes: Any) -> Payload:
    return event(sale, type, _object("customer", sale) | changes)


def dispute_created(sale: Sale, **changes: Any) -> Payload:
    return event(sale, "charge.dispute.created", _object("dispute", sale) | changes)


def dispute_closed(sale: Sale, status: str, **changes: Any) -> Payload:
    dispute = _object("dispute", sale) | {"status": status}
    return event(sale, "charge.dispute.closed", dispute | changes)


def fraud_warning(sale: Sale, **changes: Any) -> Payload:
    object = _object("radar.early_fraud_warning", sale) | changes
    return event(sale, "radar.early_fraud_warning.created", object)


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
