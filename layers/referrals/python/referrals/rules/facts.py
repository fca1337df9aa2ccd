"""What Stripe told of one customer: facts that may come in any order and more than once.

Two reports of one thing become one by `merge`. It takes what is later or further on, so the same
reports lead to the same fact in whatever order they come. Amounts are in minor currency units.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

PAID = "paid"
_PAYMENT_RANKS = {"open": 0, "canceled": 1, PAID: 2}
_FALLEN_THROUGH = frozenset({"failed", "canceled"})
_REFUND_RANKS = {"succeeded": 1} | dict.fromkeys(_FALLEN_THROUGH, 2)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one event tells of one object of Stripe's, and the payment that it is about."""

    kind: ClassVar[str]
    links: ClassVar[tuple[str, ...]] = ("charge_id", "payment_intent_id")

    charge_id: str | None = None
    payment_intent_id: str | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """What it names that may turn out to be a customer's."""
        named = (getattr(self, "invoice_id", None), self.charge_id, self.payment_intent_id)
        return tuple(dict.fromkeys(filter(None, named)))

    def merge(self, other: Self) -> Self:
        """Both reports as one: the later, with every link that either knows."""
        later = other if other.rank > self.rank else self
        known = {name: _link(getattr(self, name), getattr(other, name)) for name in self.links}
        return replace(later, **known)

    @property
    def rank(self) -> tuple[Any, ...]:
        """Of two reports the one with the higher rank is believed."""
        raise NotImplementedError


def _link(one: str | None, other: str | None) -> str | None:
    """A link once known stays. Reports never differ in it; if they did, no order may decide."""
    return max(one or "", other or "") or None


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(Report):
    """A paid invoice, as the latest event tells of it."""

    kind: ClassVar[str] = "INVOICE"

    invoice_id: str
    customer_id: str
    event_id: str
    amount_paid: int
    currency: str
    billing_reason: str
    paid_at: datetime
    told_at: datetime = LONG_AGO

    @property
    def id(self) -> str:
        return self.invoice_id

    @property
    def rank(self) -> tuple[Any, ...]:
        # Not by the event's id: the same news again is no news.
        return self.told_at, self.amount_paid, self.paid_at, self.billing_reason, self.currency


@dataclass(frozen=True, kw_only=True)
class ChargeSeen(Report):
    """A charge; `refunded` is what of it was refunded when it was told, and may shrink again.

    A `one_off` is known to have paid no invoice.
    """

    kind: ClassVar[str] = "CHARGE"
    links: ClassVar[tuple[str, ...]] = ("invoice_id", "payment_intent_id", "card")

    charge_id: str
    customer_id: str
    amount: int
    refunded: int
    created_at: datetime
    currency: str = ""
    told_at: datetime = LONG_AGO
    invoice_id: str | None = None
    card: str | None = None
    one_off: bool = False

    @property
    def id(self) -> str:
        return self.charge_id

    @property
    def references(self) -> tuple[str, ...]:
        """An invoice is brought to its customer by itself."""
        return tuple(filter(None, (self.charge_id, self.payment_intent_id)))

    def merge(self, other: Self) -> Self:
        """That it paid no invoice stays known."""
        return replace(super().merge(other), one_off=self.one_off or other.one_off)

    @property
    def rank(self) -> tuple[Any, ...]:
        return self.told_at, self.refunded, self.amount, self.created_at, self.currency


@dataclass(frozen=True, kw_only=True)
class InvoicePaymentSeen(Report):
    """Which payment pays which invoice, and how much of it: open, canceled or paid.

    Whose it is is told only where an invoice lists its payments.
    """

    kind: ClassVar[str] = "PAYMENT"
    links: ClassVar[tuple[str, ...]] = ("charge_id", "payment_intent_id", "customer_id")

    payment_id: str
    invoice_id: str
    amount: int | None
    currency: str
    status: str
    customer_id: str | None = None

    @property
    def id(self) -> str:
        return self.payment_id

    @property
    def rank(self) -> tuple[Any, ...]:
        """Paid or canceled is the last word."""
        return _PAYMENT_RANKS.get(self.status, 0), self.amount or 0, self.status, self.currency


@dataclass(frozen=True, kw_only=True)
class RefundSeen(Report):
    """A refund in the state that it has reached."""

    kind: ClassVar[str] = "REFUND"

    refund_id: str
    amount: int
    currency: str
    status: str
    created_at: datetime = LONG_AGO
    failed_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.refund_id

    @property
    def stands(self) -> bool:
        """Whether the money is, or will be, with the customer again."""
        return self.status not in _FALLEN_THROUGH

    def merge(self, other: Self) -> Self:
        """It had failed when that was first told."""
        failures = [one.failed_at for one in (self, other) if one.failed_at]
        return replace(super().merge(other), failed_at=min(failures, default=None))

    @property
    def rank(self) -> tuple[Any, ...]:
        """Failed or canceled is the last word."""
        reached = _REFUND_RANKS.get(self.status, 0)
        return reached, self.status, self.amount, self.currency, self.created_at


@dataclass(frozen=True, kw_only=True)
class DisputeSeen(Report):
    """A dispute of a charge, or of a part of it; all of it where no amount is known."""

    kind: ClassVar[str] = "DISPUTE"

    dispute_id: str
    amount: int | None = None
    currency: str = ""
    told_at: datetime = LONG_AGO
    closed: bool = False
    won: bool = False

    @property
    def id(self) -> str:
        return self.dispute_id

    @property
    def stands(self) -> bool:
        """Whether the money is, or may be, taken back."""
        return not self.won

    @property
    def rank(self) -> tuple[Any, ...]:
        """The closing is the last word."""
        return self.closed, self.told_at, self.stands, self.amount or 0, self.currency


@dataclass(frozen=True, kw_only=True)
class WarningSeen(Report):
    """An early fraud warning: while it is actionable, the issuer takes the charge for fraud."""

    kind: ClassVar[str] = "WARNING"

    warning_id: str
    actionable: bool
    told_at: datetime = LONG_AGO

    @property
    def id(self) -> str:
        return self.warning_id

    @property
    def stands(self) -> bool:
        """Whether there is something to be done about it."""
        return self.actionable

    @property
    def rank(self) -> tuple[Any, ...]:
        return self.told_at, not self.actionable


@dataclass(frozen=True, kw_only=True)
class CustomerLinked:
    """A Stripe customer is one of our users."""

    customer_id: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class CustomerCameBy:
    """A Stripe customer is whoever came by this click, as Stripe was told by then."""

    customer_id: str
    click_id: str
    told_at: datetime


Claim = RefundSeen | DisputeSeen | WarningSeen
# What names a payment and may not say whose it is.
Waiting = InvoicePaymentSeen | Claim
Kept = InvoicePaid | ChargeSeen | Waiting


@dataclass(frozen=True, kw_only=True)
class CustomerFacts:
    """All that is known of one Stripe customer."""

    customer_id: str
    user_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    came_by: tuple[CustomerCameBy, ...] = ()
    invoices: tuple[InvoicePaid, ...] = ()
    charges: tuple[ChargeSeen, ...] = ()
    payments: tuple[InvoicePaymentSeen, ...] = ()
    refunds: tuple[RefundSeen, ...] = ()
    disputes: tuple[DisputeSeen, ...] = ()
    warnings: tuple[WarningSeen, ...] = ()

    @property
    def told(self) -> tuple[Kept, ...]:
        """Every fact, whatever its kind."""
        found: list[Kept] = [*self.invoices, *self.charges, *self.payments]
        return (*found, *self.refunds, *self.disputes, *self.warnings)

    @property
    def cards(self) -> frozenset[str]:
        """Keyed hashes of the cards that paid."""
        return frozenset(charge.card for charge in self.charges if charge.card)
