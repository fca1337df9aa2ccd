"""Payments: which invoice decides on a referral, and what of it was taken back."""

from dataclasses import dataclass
from datetime import datetime

from referrals.rules.claims import Payments
from referrals.rules.facts import CustomerFacts, InvoicePaid
from referrals.rules.programme import Programme

# Reasons of an invoice that a subscription raised (Stripe, Invoice.billing_reason).
SUBSCRIPTION_REASONS = frozenset(
    {"subscription_create", "subscription_cycle", "subscription_update", "subscription"}
)


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A paid invoice with the claims on it, added up over all that paid it."""

    invoice: InvoicePaid
    refunded: int = 0
    disputed: int = 0
    warned: bool = False

    @property
    def claimed(self) -> int:
        """The amount that is refunded or in dispute."""
        return min(self.refunded + self.disputed, self.invoice.amount_paid)

    @property
    def claimed_whole(self) -> bool:
        """Whether nothing of the payment is left."""
        return 0 < self.invoice.amount_paid <= self.claimed


def qualifies(invoice: InvoicePaid, programme: Programme) -> bool:
    """Only money that a subscription brought in counts: not $0, manual or overage invoices."""
    return (
        invoice.amount_paid >= max(programme.minimum_paid_amount, 1)
        and invoice.billing_reason in SUBSCRIPTION_REASONS
    )


def payment_of(invoice: InvoicePaid, facts: CustomerFacts) -> Payment:
    """The invoice with the refunds, disputes and warnings of its payments."""
    taken = Payments(facts).taken(invoice)
    return Payment(
        invoice=invoice,
        refunded=sum(one.refunded for one in taken),
        disputed=sum(one.disputed for one in taken),
        warned=any(one.warned for one in taken),
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
