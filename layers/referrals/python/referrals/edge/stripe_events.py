"""Stripe's events as facts: payloads from before and after API 2025-03-31 read alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from referrals.edge import emails
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import USER_ID_FORM, keyed_hash
from referrals.rules.payment import ChargeSeen, CustomerLinked, DisputeSeen, InvoicePaid
from referrals.store.intake import EmailSeen, Fact

_HANDLED: dict[str, Callable[["StripeEvent", bytes], list[Fact]]] = {}


def _id_of(value: Any) -> Any:
    """A reference is an id, or the whole object where the sender expanded it."""
    return value.get("id") if isinstance(value, dict) else value


Id = Annotated[str, BeforeValidator(_id_of), Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
Amount = Annotated[int, Field(ge=0, le=10**15)]
Epoch = Annotated[int, Field(ge=0, le=32_503_680_000)]


class _Payload(BaseModel):
    # Built when first read: one event is of one kind.
    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class _Data(_Payload):
    object: dict[str, Any]


class StripeEvent(_Payload):
    """The event's frame."""

    id: Id
    type: str = Field(min_length=1, max_length=255)
    created: Epoch | None = None
    data: _Data


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


class _Metadata(_Payload):
    metadata: dict[str, Any] | None = None

    @property
    def user_id(self) -> str | None:
        return _user_id((self.metadata or {}).get("user_id"))


class _SubscriptionParent(_Payload):
    subscription_details: _Metadata | None = None


class _PaymentReference(_Payload):
    charge: Id | None = None
    payment_intent: Id | None = None


class _InvoicePayment(_Payload):
    payment: _PaymentReference | None = None


class _InvoicePayments(_Payload):
    data: list[_InvoicePayment] = []


class _StatusTransitions(_Payload):
    paid_at: Epoch | None = None


class _Invoice(_Metadata):
    id: Id
    customer: Id | None
    amount_paid: Amount
    currency: str = Field(default="", max_length=8)
    billing_reason: str | None = Field(default=None, max_length=64)
    created: Epoch | None = None
    status_transitions: _StatusTransitions | None = None
    charge: Id | None = None
    payment_intent: Id | None = None
    payments: _InvoicePayments | None = None
    subscription_details: _Metadata | None = None
    parent: _SubscriptionParent | None = None

    def paid_with(self) -> tuple[str | None, str | None]:
        """The charge and the payment intent, wherever this API version names them."""
        references = [
            payment.payment for payment in (self.payments or _InvoicePayments()).data if payment
        ]
        charges = [self.charge, *(one.charge for one in references if one)]
        intents = [self.payment_intent, *(one.payment_intent for one in references if one)]
        return next(filter(None, charges), None), next(filter(None, intents), None)

    def named_user(self) -> str | None:
        """The user that the invoice or its subscription names in metadata."""
        parent = self.parent.subscription_details if self.parent else None
        named = (one.user_id for one in (self, self.subscription_details, parent) if one)
        return next(filter(None, named), None)


@_reads("invoice.paid", "invoice.payment_succeeded")
def _invoice_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    invoice = _Invoice.model_validate(event.data.object)
    if invoice.customer is None:
        return []
    charge_id, payment_intent_id = invoice.paid_with()
    transitions = invoice.status_transitions or _StatusTransitions()
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


class _CheckoutSession(_Metadata):
    id: Id
    customer: Id | None = None
    client_reference_id: str | None = None
    customer_details: "_CustomerDetails | None" = None


class _CustomerDetails(_Payload):
    email: str | None = None


@_reads("checkout.session.completed")
def _checkout_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    session = _CheckoutSession.model_validate(event.data.object)
    if session.customer is None:
        return []
    user_id = _user_id(session.client_reference_id) or session.user_id
    details = session.customer_details or _CustomerDetails()
    return [
        *_link(session.customer, user_id),
        *_email(session.customer, details.email, secret),
    ]


class _Customer(_Metadata):
    id: Id
    email: str | None = None


@_reads("customer.created", "customer.updated")
def _customer_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    customer = _Customer.model_validate(event.data.object)
    return [
        *_link(customer.id, customer.user_id),
        *_email(customer.id, customer.email, secret),
    ]


class _Card(_Payload):
    fingerprint: str | None = None


class _PaymentMethod(_Payload):
    card: _Card | None = None


class Charge(_Metadata):
    """A charge, in an event or as the API answers it."""

    id: Id
    customer: Id | None = None
    amount: Amount
    amount_refunded: Amount = 0
    created: Epoch
    invoice: Id | None = None
    payment_intent: Id | None = None
    payment_method_details: _PaymentMethod | None = None

    def facts(self, secret: bytes) -> list[Fact]:
        """The charge as a fact; none for a guest's, which can be nobody's first invoice."""
        if self.customer is None:
            return []
        card = self.payment_method_details.card if self.payment_method_details else None
        fingerprint = card.fingerprint if card else None
        seen = ChargeSeen(
            charge_id=self.id,
            customer_id=self.customer,
            amount=self.amount,
            refunded=self.amount_refunded,
            created_at=_time(self.created),
            invoice_id=self.invoice,
            payment_intent_id=self.payment_intent,
            card=keyed_hash(secret, "card", fingerprint) if fingerprint else None,
        )
        return [seen, *_link(self.customer, self.user_id)]


@_reads("charge.succeeded", "charge.refunded")
def _charge_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    return Charge.model_validate(event.data.object).facts(secret)


class _Dispute(_Payload):
    id: Id
    charge: Id
    payment_intent: Id | None = None
    status: str = ""


@_reads("charge.dispute.created", "charge.dispute.closed")
def _dispute_facts(event: StripeEvent, secret: bytes) -> list[Fact]:
    dispute = _Dispute.model_validate(event.data.object)
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
    warning = _Dispute.model_validate(event.data.object)
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


def _user_id(value: object) -> str | None:
    return value if isinstance(value, str) and USER_ID_FORM.fullmatch(value) else None


def _time(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
