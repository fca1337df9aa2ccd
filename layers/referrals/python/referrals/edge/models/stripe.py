"""The parts of Stripe's payloads that the service reads, before and after API 2025-03-31."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from referrals.rules.ids import is_user_id


def valid_user_id(value: object) -> str | None:
    """The user id that somebody put into Stripe; None for what cannot be one."""
    return value if isinstance(value, str) and is_user_id(value) else None


def _id_of(value: Any) -> Any:
    """A reference is an id, or the whole object where the sender expanded it."""
    return value.get("id") if isinstance(value, dict) else value


Id = Annotated[str, BeforeValidator(_id_of), Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
Amount = Annotated[int, Field(ge=0, le=10**15)]
Epoch = Annotated[int, Field(ge=0, le=32_503_680_000)]


class Payload(BaseModel):
    # Built when first read: one event is of one kind.
    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class Data(Payload):
    object: dict[str, Any]


class StripeEvent(Payload):
    """An event: what `data.object` is depends on its type."""

    id: Id
    type: str = Field(min_length=1, max_length=255)
    created: Epoch | None = None
    data: Data


class Metadata(Payload):
    metadata: dict[str, Any] | None = None

    @property
    def user_id(self) -> str | None:
        return valid_user_id((self.metadata or {}).get("user_id"))


class SubscriptionParent(Payload):
    subscription_details: Metadata | None = None


class PaymentReference(Payload):
    charge: Id | None = None
    payment_intent: Id | None = None


class InvoicePayment(Payload):
    payment: PaymentReference | None = None


class InvoicePayments(Payload):
    data: list[InvoicePayment] = []


class StatusTransitions(Payload):
    paid_at: Epoch | None = None


class Invoice(Metadata):
    id: Id
    customer: Id | None
    amount_paid: Amount
    currency: str = Field(default="", max_length=8)
    billing_reason: str | None = Field(default=None, max_length=64)
    created: Epoch | None = None
    status_transitions: StatusTransitions | None = None
    charge: Id | None = None
    payment_intent: Id | None = None
    payments: InvoicePayments | None = None
    subscription_details: Metadata | None = None
    parent: SubscriptionParent | None = None

    def paid_with(self) -> tuple[str | None, str | None]:
        """The charge and the payment intent, wherever this API version names them."""
        references = [
            payment.payment for payment in (self.payments or InvoicePayments()).data if payment
        ]
        charges = [self.charge, *(one.charge for one in references if one)]
        intents = [self.payment_intent, *(one.payment_intent for one in references if one)]
        return next(filter(None, charges), None), next(filter(None, intents), None)

    def named_user(self) -> str | None:
        """The user that the invoice or its subscription names in metadata."""
        parent = self.parent.subscription_details if self.parent else None
        named = (one.user_id for one in (self, self.subscription_details, parent) if one)
        return next(filter(None, named), None)


class CheckoutSession(Metadata):
    id: Id
    customer: Id | None = None
    client_reference_id: str | None = None
    customer_details: "CustomerDetails | None" = None


class CustomerDetails(Payload):
    email: str | None = None


class Customer(Metadata):
    id: Id
    email: str | None = None


class Card(Payload):
    fingerprint: str | None = None


class PaymentMethod(Payload):
    card: Card | None = None


class Charge(Metadata):
    """A charge, in an event or as the API answers it."""

    id: Id
    customer: Id | None = None
    amount: Amount
    amount_refunded: Amount = 0
    created: Epoch
    invoice: Id | None = None
    payment_intent: Id | None = None
    payment_method_details: PaymentMethod | None = None


class Dispute(Payload):
    id: Id
    charge: Id
    payment_intent: Id | None = None
    status: str = ""
