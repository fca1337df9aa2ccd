"""Values that tests begin with: one referral, one payment, and the people who act."""

from datetime import UTC, datetime, timedelta
from typing import Any

from referrals.rules.attribution import Actor, Attribution, Reward, Role, Status
from referrals.rules.facts import (
    ChargeSeen,
    DisputeSeen,
    InvoicePaid,
    InvoicePaymentSeen,
    RefundSeen,
    WarningSeen,
)
from referrals.rules.ids import reward_id

SECRET = b"a secret that only tests know"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CODE = "A1B2C3D4E5F6"
PAID = 2900
# As products and identity providers name people, and the furthest that a name may go.
USER_IDS = [
    "1",
    "u" * 128,
    "018f6d3e-7c1a-7d52-9c2f-0a1b2c3d4e5f",
    "auth0|65f0c0ffee",
    "google-oauth2|103547991597142817347",
    "us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789",
    "f:5a7e:jane.doe",
    "jane.o'doe+spring@example.com",
    "c2lnbmVk_LXVw-MQ==",
    "!$&'()*+,;=-._~:@|0",
    "..a",
]


def actor(at: datetime = NOW, name: str = "tester", why: str = "") -> Actor:
    return Actor(name=name, at=at, why=why)


def attribution(**changes: Any) -> Attribution:
    """An attribution of this moment, waiting for its first payment."""
    values: dict[str, Any] = {
        "id": "attr_0123456789abcdef01234567",
        "code": CODE,
        "referrer_user_id": "ref",
        "referred_user_id": "new",
        "status": Status.ATTRIBUTED,
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=30),
    }
    return Attribution(**values | changes)


def reward(role: Role = Role.REFERRED, **changes: Any) -> Reward:
    """A reward of that attribution, still owed."""
    owner = attribution()
    values: dict[str, Any] = {
        "id": reward_id(owner.id, role),
        "attribution_id": owner.id,
        "role": role,
        "user_id": owner.referrer_user_id if role is Role.REFERRER else owner.referred_user_id,
        "credits": 10_000,
        "created_at": NOW,
        "next_attempt_at": NOW,
    }
    return Reward(**values | changes)


def invoice(**changes: Any) -> InvoicePaid:
    values: dict[str, Any] = {
        "invoice_id": "in_1",
        "customer_id": "cus_1",
        "event_id": "evt_1",
        "amount_paid": PAID,
        "currency": "usd",
        "billing_reason": "subscription_create",
        "paid_at": NOW + timedelta(hours=1),
    }
    return InvoicePaid(**values | changes)


def charge(**changes: Any) -> ChargeSeen:
    values: dict[str, Any] = {
        "charge_id": "ch_1",
        "customer_id": "cus_1",
        "amount": PAID,
        "refunded": 0,
        "created_at": NOW + timedelta(hours=1),
    }
    return ChargeSeen(**values | changes)


def dispute(**changes: Any) -> DisputeSeen:
    values: dict[str, Any] = {"dispute_id": "dp_1", "charge_id": "ch_1"}
    return DisputeSeen(**values | changes)


def warning(**changes: Any) -> WarningSeen:
    values: dict[str, Any] = {"warning_id": "issfr_1", "charge_id": "ch_1", "actionable": True}
    return WarningSeen(**values | changes)


def invoice_payment(**changes: Any) -> InvoicePaymentSeen:
    values: dict[str, Any] = {
        "payment_id": "inpay_1",
        "invoice_id": "in_1",
        "payment_intent_id": "pi_1",
        "amount": PAID,
        "currency": "usd",
        "status": "paid",
    }
    return InvoicePaymentSeen(**values | changes)


def refund(**changes: Any) -> RefundSeen:
    values: dict[str, Any] = {
        "refund_id": "re_1",
        "charge_id": "ch_1",
        "amount": PAID,
        "currency": "usd",
        "status": "succeeded",
        "created_at": NOW + timedelta(hours=2),
    }
    return RefundSeen(**values | changes)
