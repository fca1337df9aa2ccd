"""What is in a little Stripe's books: invoices, what paid them, and what was claimed back.

The truth that the oracle judges by, in Stripe's own words; it reads no code of the service's.
Amounts are in minor units of the currency, times in seconds since 1970.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

SUBSCRIPTION_REASONS = frozenset(
    {"subscription", "subscription_create", "subscription_cycle", "subscription_update"}
)
_STANDING = frozenset({"pending", "requires_action", "succeeded"})
_MONEY_STAYS = frozenset({"won", "warning_closed", "prevented"})


@dataclass
class Refund:
    """Money on its way back; it may fail or be canceled."""

    id: str
    amount: int
    created: int
    status: str = "succeeded"

    @property
    def stands(self) -> bool:
        return self.status in _STANDING


@dataclass
class Dispute:
    """What a customer's bank asks back, of all that was paid or of a part."""

    id: str
    amount: int
    created: int
    status: str = "needs_response"

    @property
    def stands(self) -> bool:
        return self.status not in _MONEY_STAYS


@dataclass
class Payment:
    """A charge and its payment intent. One that no invoice asked for is a one-off."""

    number: str
    customer: str
    amount: int
    currency: str
    created: int
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    # Whether the early fraud warning on it is actionable; None where there is none.
    warning: bool | None = None
    # Whether anything that was delivered says which invoice it paid.
    placed: bool = False

    @property
    def charge(self) -> str:
        return f"ch_{self.number}"

    @property
    def intent(self) -> str:
        return f"pi_{self.number}"

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds if refund.stands)

    @property
    def disputed(self) -> int:
        return sum(dispute.amount for dispute in self.disputes if dispute.stands)

    @property
    def claimed(self) -> int:
        """What is gone, or may be: no more than was paid."""
        return min(self.refunded + self.disputed, self.amount)

    @property
    def ever_claimed(self) -> int:
        """The most that can have been claimed for a while, in whatever order it is heard."""
        return min(sum(claim.amount for claim in (*self.refunds, *self.disputes)), self.amount)


@dataclass
class Invoice:
    """What a customer was asked to pay, and the payments that did."""

    number: str
    customer: str
    asked: int
    currency: str
    created: int
    reason: str | None = "subscription_create"
    subscription: bool = True
    payments: list[Payment] = field(default_factory=list)
    out_of_band: bool = False
    paid_at: int | None = None

    @property
    def id(self) -> str:
        return f"in_{self.number}"

    @property
    def collected(self) -> int:
        """What came through Stripe."""
        return sum(payment.amount for payment in self.payments)

    @property
    def amount(self) -> int:
        """What it brought in: what was paid past Stripe counts as asked for."""
        return self.asked if self.out_of_band else self.collected

    @property
    def qualifies(self) -> bool:
        """Whether it is paid, with money, for a subscription."""
        raised = self.reason in SUBSCRIPTION_REASONS
        raised = raised or (self.reason is None and self.subscription)
        return self.paid_at is not None and raised and self.amount > 0

    @property
    def known(self) -> list[Payment]:
        """The payments that the service can know for this invoice's."""
        return [payment for payment in self.payments if payment.placed]

    @property
    def claimed(self) -> int:
        return min(sum(payment.claimed for payment in self.known), self.amount)

    @property
    def ever_claimed(self) -> int:
        return min(sum(payment.ever_claimed for payment in self.known), self.amount)

    @property
    def refunded(self) -> bool:
        """Whether anything was refunded that is not in dispute as well."""
        return any(payment.claimed > payment.disputed for payment in self.known)

    @property
    def disputed(self) -> bool:
        return any(payment.disputed for payment in self.known)

    @property
    def warned(self) -> bool:
        """Whether a warning on it still asks for something to be done."""
        return any(payment.warning for payment in self.known)

    @property
    def ever_warned(self) -> bool:
        return any(payment.warning is not None for payment in self.known)


def deciding(invoices: Iterable[Invoice], until: float) -> Invoice | None:
    """The invoice that decides a referral: the first that counts, if it was paid by then."""
    paid = [
        (invoice.paid_at, invoice.number, invoice)
        for invoice in invoices
        if invoice.qualifies and invoice.paid_at is not None and invoice.paid_at <= until
    ]
    return min(paid, default=(0, "", None))[2]
