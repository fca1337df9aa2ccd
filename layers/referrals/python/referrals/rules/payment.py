"""What Stripe told of one customer: facts that may come in any order and more than once."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from referrals.rules.programme import Programme

# Reasons of an invoice that a subscription raised (Stripe, Invoice.billing_reason).
SUBSCRIPTION_REASONS = frozenset(
    {"subscription_create", "subscription_cycle", "subscription_update", "subscription"}
)


@dataclass(frozen=True, kw_only=True)
class InvoicePaid:
    """A paid invoice; amounts in minor currency units."""

    invoice_id: str
    customer_id: str
    event_id: str
    amount_paid: int
    currency: str
    billing_reason: str
    paid_at: datetime
    charge_id: str | None = None
    payment_intent_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChargeSeen:
    """A charge; `refunded` is the total so far, so the larger figure is the later news."""

    charge_id: str
    customer_id: str
    amount: int
    refunded: int
    created_at: datetime
    invoice_id: str | None = None
    payment_intent_id: str | None = None
    card: str | None = None


@dataclass(frozen=True, kw_only=True)
class DisputeSeen:
    """A dispute or an early fraud warning on a charge; a closed dispute outranks an open one."""

    dispute_id: str
    charge_id: str
    payment_intent_id: str | None = None
    warning: bool = False
    closed: bool = False
    won: bool = False

    @property
    def active(self) -> bool:
        """Whether the money is, or may be, taken back."""
        return not self.won


@dataclass(frozen=True, kw_only=True)
class CustomerLinked:
    """A Stripe customer is one of our users."""

    customer_id: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class CustomerFacts:
    """All that is known of one Stripe customer."""

    customer_id: str
    user_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    invoices: tuple[InvoicePaid, ...] = ()
    charges: tuple[ChargeSeen, ...] = ()
    disputes: tuple[DisputeSeen, ...] = ()

    @property
    def cards(self) -> frozenset[str]:
        """Keyed hashes of the cards that paid."""
        return frozenset(charge.card for charge in self.charges if charge.card)


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A paid invoice with the claims against it."""

    invoice: InvoicePaid
    refunded: int = 0
    disputes: tuple[DisputeSeen, ...] = field(default=())

    @property
    def disputed(self) -> bool:
        """Whether a dispute stands, or a warning that no dispute has followed yet."""
        followed = [dispute for dispute in self.disputes if not dispute.warning]
        return any(dispute.active for dispute in followed or self.disputes)

    @property
    def claimed(self) -> int:
        """The amount that is refunded or in dispute: all of it when disputed."""
        paid = self.invoice.amount_paid
        return paid if self.disputed else min(self.refunded, paid)

    @property
    def claimed_whole(self) -> bool:
        """Whether nothing of the payment is left."""
        return self.claimed >= self.invoice.amount_paid


def qualifies(invoice: InvoicePaid, programme: Programme) -> bool:
    """Only money that a subscription brought in counts: not $0, manual or overage invoices."""
    return (
        invoice.amount_paid >= max(programme.minimum_paid_amount, 1)
        and invoice.billing_reason in SUBSCRIPTION_REASONS
    )


def payment_of(invoice: InvoicePaid, facts: CustomerFacts) -> Payment:
    """The invoice with the refunds and disputes of its charges."""
    charges = [charge for charge in facts.charges if _paid_by(invoice, charge, facts)]
    known = {charge.charge_id for charge in charges} | {invoice.charge_id} - {None}
    intents = {charge.payment_intent_id for charge in charges} | {invoice.payment_intent_id}
    disputes = tuple(
        dispute
        for dispute in facts.disputes
        if dispute.charge_id in known
        or (dispute.payment_intent_id is not None and dispute.payment_intent_id in intents)
    )
    refunded = sum(charge.refunded for charge in charges)
    return Payment(invoice=invoice, refunded=refunded, disputes=disputes)


def _paid_by(invoice: InvoicePaid, charge: ChargeSeen, facts: CustomerFacts) -> bool:
    if charge.invoice_id or invoice.charge_id:
        return charge.invoice_id == invoice.invoice_id or charge.charge_id == invoice.charge_id
    if invoice.payment_intent_id and charge.payment_intent_id:
        return charge.payment_intent_id == invoice.payment_intent_id
    return _nearest_invoice(charge, facts.invoices) == invoice


def _nearest_invoice(charge: ChargeSeen, invoices: Iterable[InvoicePaid]) -> InvoicePaid | None:
    """Since API 2025-03-31 neither object names the other: amount and time must tell."""
    alike = [
        invoice
        for invoice in invoices
        if invoice.amount_paid == charge.amount
        and not invoice.charge_id
        and not (invoice.payment_intent_id and charge.payment_intent_id)
    ]
    return min(
        alike,
        key=lambda invoice: (abs(invoice.paid_at - charge.created_at), invoice.invoice_id),
        default=None,
    )


def first_payment(
    facts: CustomerFacts, programme: Programme, *, until: datetime, known: str | None = None
) -> Payment | None:
    """The payment that decides: the earliest that qualifies, whichever was heard of first.

    Facts are not kept for ever: where the one that is `known` is gone, nothing else takes over.
    """
    invoices = sorted(facts.invoices, key=lambda invoice: (invoice.paid_at, invoice.invoice_id))
    if known is not None and known not in (invoice.invoice_id for invoice in invoices):
        return None
    for invoice in invoices:
        in_time = qualifies(invoice, programme) and invoice.paid_at <= until
        if in_time or invoice.invoice_id == known:
            return payment_of(invoice, facts)
    return None


def newer_charge(old: ChargeSeen, new: ChargeSeen) -> ChargeSeen:
    """Two reports of one charge as one: refunds only grow, links once known stay."""
    return replace(
        new,
        refunded=max(old.refunded, new.refunded),
        invoice_id=new.invoice_id or old.invoice_id,
        payment_intent_id=new.payment_intent_id or old.payment_intent_id,
        card=new.card or old.card,
    )
