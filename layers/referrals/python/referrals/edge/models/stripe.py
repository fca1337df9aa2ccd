"""The parts of Stripe's payloads that the service reads, before and after API 2025-03-31."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from referrals.rules.ids import MINTED_PREFIX, is_click_id, is_user_id


def valid_user_id(value: object) -> str | None:
    """The user id that somebody put into Stripe; None for what cannot be one."""
    return value if isinstance(value, str) and is_user_id(value) else None


def _id_of(value: Any) -> Any:
    """A reference is an id, or the whole object where the sender expanded it."""
    return value.get("id") if isinstance(value, dict) else value


Id = Annotated[str, BeforeValidator(_id_of), Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")]
Amount = Annotated[int, Field(ge=0, le=10**15)]
Currency = Annotated[str, Field(max_length=8)]
Epoch = Annotated[int, Field(ge=0, le=32_503_680_000)]
State = Annotated[str, Field(max_length=64)]


class Payload(BaseModel):
    # Built when first read: one event is of one kind.
    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class Data(Payload):
    object: dict[str, Any]


class StripeEvent(Payload):
    """An event of a kind that is read: what `data.object` is depends on its type."""

    id: Id
    type: str
    created: Epoch | None = None
    data: Data


class Metadata(Payload):
    metadata: dict[str, Any] | None = None

    @property
    def user_id(self) -> str | None:
        return valid_user_id((self.metadata or {}).get("user_id"))

    @property
    def click_id(self) -> str | None:
        """The click that the product found in its cookie."""
        told = (self.metadata or {}).get("referral_click_id")
        return told if isinstance(told, str) and is_click_id(told) else None


class SubscriptionDetails(Metadata):
    subscription: Id | None = None


class SubscriptionParent(Payload):
    subscription_details: SubscriptionDetails | None = None


class PaymentReference(Payload):
    charge: Id | None = None
    payment_intent: Id | None = None


class InvoicePayment(Payload):
    """What names both an invoice and a payment, by itself or in an invoice's list of them."""

    id: Id
    invoice: Id | None = None
    payment: PaymentReference | None = None
    amount_paid: Amount | None = None
    amount_requested: Amount | None = None
    currency: Currency = ""
    status: State | None = None


class InvoicePayments(Payload):
    data: list[InvoicePayment] = []


class StatusTransitions(Payload):
    paid_at: Epoch | None = None


class Invoice(Metadata):
    id: Id
    customer: Id | None = None
    status: State | None = None
    paid: bool | None = None
    paid_out_of_band: bool | None = None
    amount_paid: Amount | None = None
    amount_due: int | None = None
    total: int | None = None
    currency: Currency = ""
    billing_reason: State | None = None
    created: Epoch | None = None
    status_transitions: StatusTransitions | None = None
    charge: Id | None = None
    payment_intent: Id | None = None
    payments: InvoicePayments | None = None
    subscription: Id | None = None
    subscription_details: SubscriptionDetails | None = None
    parent: SubscriptionParent | None = None

    @property
    def is_paid(self) -> bool:
        """A payment that succeeded may leave it open; the oldest versions know no status."""
        return self.paid is not False if self.status is None else self.status == "paid"

    @property
    def amount(self) -> int | None:
        """What was paid. Money that Stripe never saw counts with what the invoice asked for."""
        if self.amount_paid is None or self.paid_out_of_band:
            asked = self.total if self.amount_due is None else self.amount_due
            return self.amount_paid if asked is None else max(asked, 0)
        return self.amount_paid

    def named_subscription(self) -> str | None:
        """The subscription that raised it, as far as the invoice itself says; its lines may."""
        details = (self.subscription_details, self.parent and self.parent.subscription_details)
        named = (self.subscription, *(one.subscription for one in details if one))
        return next(filter(None, named), None)

    def named_user(self) -> str | None:
        """The user that the invoice or its subscription names in metadata."""
        parent = self.parent.subscription_details if self.parent else None
        named = (one.user_id for one in (self, self.subscription_details, parent) if one)
        return next(filter(None, named), None)


class SubscriptionItem(Payload):
    subscription: Id | None = None


class LineParent(Payload):
    subscription_item_details: SubscriptionItem | None = None


class Line(SubscriptionItem):
    parent: LineParent | None = None

    def named_subscription(self) -> str | None:
        """The subscription that the line is of."""
        item = self.parent.subscription_item_details if self.parent else None
        return self.subscription or (item.subscription if item else None)


class Lines(Payload):
    """An invoice's lines: read only where nothing else says what raised it."""

    data: list[Line] = []


class InvoiceWithLines(Payload):
    lines: Lines | None = None

    def named_subscription(self) -> str | None:
        """The subscription that any line is of."""
        lines = self.lines.data if self.lines else []
        return next(filter(None, (line.named_subscription() for line in lines)), None)


class CheckoutSession(Metadata):
    id: Id
    customer: Id | None = None
    client_reference_id: str | None = None
    customer_details: "CustomerDetails | None" = None

    def named_user(self) -> str | None:
        """The user, by the reference or in metadata."""
        return (None if self._refers_to_click else valid_user_id(self.client_reference_id)) or (
            self.user_id
        )

    def named_click(self) -> str | None:
        """The click: in metadata, or by a reference that has the form of the service's own."""
        return self.click_id or (self.client_reference_id if self._refers_to_click else None)

    @property
    def _refers_to_click(self) -> bool:
        told = self.client_reference_id or ""
        return told.startswith(MINTED_PREFIX) and is_click_id(told)


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
    currency: Currency = ""
    created: Epoch
    invoice: Id | None = None
    payment_intent: Id | None = None
    payment_method_details: PaymentMethod | None = None

    @property
    def pays_no_invoice(self) -> bool:
        """Until 2025-03-31 a charge names its invoice, or says that there is none."""
        return "invoice" in self.model_fields_set and self.invoice is None


class Refund(Payload):
    id: Id
    amount: Amount
    currency: Currency = ""
    status: State | None = None
    created: Epoch | None = None
    charge: Id | None = None
    payment_intent: Id | None = None


class Dispute(Payload):
    id: Id
    charge: Id
    amount: Amount | None = None
    currency: Currency = ""
    payment_intent: Id | None = None
    status: State | None = None


class Endpoint(Payload):
    """A webhook endpoint as the API answers it."""

    url: str
    status: str
    enabled_events: list[str]
    api_version: str | None = None


class Warning(Payload):
    id: Id
    charge: Id
    payment_intent: Id | None = None
    actionable: bool = True
