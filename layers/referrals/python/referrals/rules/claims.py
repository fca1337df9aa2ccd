"""Claims: what was refunded or disputed of the payments that paid an invoice.

A payment is a payment intent, or a charge that has none. Which of them paid an invoice is known
from what names both, and never guessed: a claim that nothing places is unmatched.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from referrals.rules.facts import (
    PAID,
    ChargeSeen,
    Claim,
    CustomerFacts,
    InvoicePaid,
    RefundSeen,
    Report,
)


@dataclass(frozen=True, kw_only=True)
class UnmatchedClaim:
    """A claim of a customer's that may be on an invoice, and nothing says on which."""

    kind: str
    id: str
    amount: int | None = None
    currency: str | None = None
    charge_id: str | None = None
    payment_intent_id: str | None = None

    @classmethod
    def of(cls, one: Claim | ChargeSeen) -> "UnmatchedClaim":
        """A claim as staff are shown it; a charge is told as the refund that it has."""
        refunded = isinstance(one, ChargeSeen)
        return cls(
            kind=RefundSeen.kind.lower() if refunded else one.kind.lower(),
            id=one.id,
            amount=one.refunded if isinstance(one, ChargeSeen) else getattr(one, "amount", None),
            currency=getattr(one, "currency", None) or None,
            charge_id=one.charge_id,
            payment_intent_id=one.payment_intent_id,
        )


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was taken back of one payment; together at most what it paid."""

    refunded: int = 0
    disputed: int = 0
    warned: bool = False


class Payments:
    """A customer's payments, and what was told of each."""

    def __init__(self, facts: CustomerFacts) -> None:
        self._facts = facts
        named = (*facts.invoices, *facts.charges, *facts.payments, *_claims(facts))
        self._intents = {
            one.charge_id: one.payment_intent_id
            for one in named
            if one.charge_id and one.payment_intent_id
        }

    def taken(self, invoice: InvoicePaid) -> list[Taken]:
        """What was taken back of each payment of the invoice."""
        return [self._taken(payment, invoice, paid) for payment, paid in self._of(invoice).items()]

    def unmatched(self) -> tuple[UnmatchedClaim, ...]:
        """The claims that stand and are on no payment whose invoice, or lack of one, is known."""
        placed = self._placed()
        return tuple(
            UnmatchedClaim.of(one)
            for one in self._standing()
            if not any(_agree(one, currency) for currency in placed.get(self._payment(one), ()))
        )

    def _of(self, invoice: InvoicePaid) -> dict[str, int | None]:
        """The payments that paid the invoice, with how much where that is known."""
        found: dict[str, int | None] = {}
        named = [invoice, *(one for one in self._facts.charges if _on(one, invoice))]
        for one in named:
            if payment := self._payment(one):
                found[payment] = None
        for listed in self._facts.payments:
            payment = self._payment(listed)
            if payment and _on(listed, invoice) and listed.status == PAID:
                found[payment] = listed.amount
        return found

    def _taken(self, payment: str, invoice: InvoicePaid, paid: int | None) -> Taken:
        charges = [
            one
            for one in self._facts.charges
            if self._is(one, payment, invoice) and one.invoice_id in (None, invoice.invoice_id)
        ]
        refunds = [one for one in self._facts.refunds if self._is(one, payment, invoice)]
        disputes = [one for one in self._facts.disputes if self._is(one, payment, invoice)]
        most = min(
            sum(one.amount for one in charges) if charges else invoice.amount_paid,
            invoice.amount_paid if paid is None else paid,
        )
        standing = sum(one.amount for one in refunds if one.stands)
        refunded = max(standing, sum(_refunded(one, refunds) for one in charges))
        disputed = sum(most if one.amount is None else one.amount for one in disputes if one.stands)
        disputed = min(disputed, most)
        # A dispute that follows, however it ends, says more than the warning did.
        warned = not disputes and any(
            one.stands and self._payment(one) == payment for one in self._facts.warnings
        )
        return Taken(refunded=min(refunded, most - disputed), disputed=disputed, warned=warned)

    def _is(self, one: Report, payment: str, invoice: InvoicePaid) -> bool:
        return self._payment(one) == payment and _agree(one, invoice.currency)

    def _payment(self, one: Report) -> str | None:
        known = self._intents.get(one.charge_id) if one.charge_id else None
        return one.payment_intent_id or known or one.charge_id

    def _placed(self) -> dict[str | None, set[str]]:
        """Every payment of which it is known what it paid, with the currencies that it may have."""
        placed: dict[str | None, set[str]] = {}
        for invoice in self._facts.invoices:
            for payment in self._of(invoice):
                placed.setdefault(payment, set()).add(invoice.currency)
        for listed in self._facts.payments:
            placed.setdefault(self._payment(listed), set()).add(listed.currency)
        for charge in self._facts.charges:
            if charge.invoice_id or charge.one_off:
                placed.setdefault(self._payment(charge), set()).add(charge.currency)
        return placed

    def _standing(self) -> Iterator[Claim | ChargeSeen]:
        yield from (one for one in _claims(self._facts) if one.stands)
        told = {self._payment(one) for one in self._facts.refunds}
        for charge in self._facts.charges:
            # Where the refunds are told one by one, the charge says nothing more.
            if charge.refunded and self._payment(charge) not in told:
                yield charge


def _claims(facts: CustomerFacts) -> tuple[Claim, ...]:
    return (*facts.refunds, *facts.disputes, *facts.warnings)


def _on(one: Report, invoice: InvoicePaid) -> bool:
    same = getattr(one, "invoice_id", None) == invoice.invoice_id
    return same and _agree(one, invoice.currency)


def _agree(one: Report, currency: str) -> bool:
    """Whether both are in one currency, as far as both are known."""
    own = getattr(one, "currency", "")
    return not own or not currency or own == currency


def _refunded(charge: ChargeSeen, refunds: list[RefundSeen]) -> int:
    """What the charge was told to have refunded, without what failed after that was told."""
    failed = sum(
        one.amount
        for one in refunds
        if one.charge_id in (None, charge.charge_id)
        and one.failed_at is not None
        and one.created_at <= charge.told_at <= one.failed_at
    )
    return min(max(charge.refunded - failed, 0), charge.amount)
