"""Events as Stripe sends them, signed as Stripe signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any


def signature(payload: bytes, secret: str, at: int | None = None) -> str:
    """The Stripe-Signature header of a payload."""
    stamp = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), b"%d." % stamp + payload, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def invoice_paid(customer_id: str, number: str, amount: int) -> dict[str, Any]:
    """A subscription's first invoice, paid; `number` goes into every id."""
    now = int(time.time())
    invoice = {
        "id": f"in_{number}",
        "object": "invoice",
        "customer": customer_id,
        "status": "paid",
        "amount_due": amount,
        "amount_paid": amount,
        "currency": "usd",
        "billing_reason": "subscription_create",
        "created": now,
        "status_transitions": {"finalized_at": now, "paid_at": now},
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": f"sub_{number}", "metadata": {}},
        },
    }
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": "2025-03-31.basil",
        "type": "invoice.paid",
        "created": now,
        "livemode": False,
        "data": {"object": invoice},
    }


def encoded(event: dict[str, Any]) -> bytes:
    """The event's bytes, which the signature covers."""
    return json.dumps(event, separators=(",", ":")).encode()
