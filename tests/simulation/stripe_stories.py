"""What befalls one customer at Stripe, drawn: how they pay, and what is claimed back of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from tests.simulation.plan import AMOUNT
from tests.simulation.stripe import DAY, Stripe, Told
from tests.simulation.stripe_books import Payment
from tests.stripe_payloads import BASIL

# Which of the events about refunds an endpoint is told of: any of these is enough to know all.
_TOLD_OF_REFUNDS = (
    frozenset({"charge.refunded", "refund.created", "refund.updated", "refund.failed"}),
    frozenset({"charge.refunded", "charge.refund.updated"}),
    frozenset({"refund.created", "refund.updated"}),
)
_ABOUT_REFUNDS = frozenset().union(*_TOLD_OF_REFUNDS)
_PART = (1, 1000, 2450)


@dataclass
class Story:
    """A customer's way to pay, and what follows; a `plain` one is seldom out of the ordinary."""

    stripe: Stripe
    chance: Random
    plain: bool = False

    def tell(self) -> None:
        """Let it all happen."""
        self._drawn(_WAYS if not self.plain else _WAYS[:1])()
        for payment in list(self.stripe.payments):
            if not self.plain or self.chance.random() < 0.2:
                self.stripe.now += DAY
                self._drawn(_CLAIMS)(payment)

    def delivered(self) -> list[Told]:
        """The events that arrive: enough to know all but, at times, which invoice was paid."""
        about_refunds = self.chance.choice(_TOLD_OF_REFUNDS)
        left_out = _ABOUT_REFUNDS - about_refunds
        if self.chance.random() < 0.15:
            left_out |= {"invoice_payment.paid"}
        elif self._claimless():
            left_out |= self._maybe("invoice_payment.paid", 0.3)
        if "charge.refunded" in about_refunds or self._claimless():
            left_out |= self._maybe("charge.succeeded", 0.3)
        left_out |= self._maybe("invoice.payment_succeeded", 0.35)
        arrive = [told for told in self.stripe.told if told.early or told.type not in left_out]
        for told in arrive:
            for payment in told.places:
                payment.placed = True
        return arrive

    # How it is paid.

    def _plainly(self) -> None:
        self.stripe.pay(self.stripe.bill(AMOUNT))

    def _in_parts(self) -> None:
        """By two payments, as newer versions allow: while one is missing the invoice is open."""
        self.stripe.versions = (BASIL,)
        invoice = self.stripe.bill(AMOUNT)
        self.stripe.pay(invoice, self.chance.choice([1000, 2450]))
        self.stripe.pay(invoice)

    def _weekly(self) -> None:
        """The first by a debit that settles days later, maybe when the next is paid already."""
        first = self.stripe.bill(AMOUNT)
        began, late = self.stripe.now, self.chance.choice([3, 9])
        ways: list[tuple[int, Callable[[], object]]] = [
            (late, lambda: self.stripe.pay(first)),
            (7, lambda: self.stripe.pay(self.stripe.bill(AMOUNT, reason="subscription_cycle"))),
        ]
        for days, pay in sorted(ways, key=lambda way: way[0]):
            self.stripe.now = began + days * DAY
            pay()

    def _out_of_band(self) -> None:
        invoice = self.stripe.bill(AMOUNT)
        if self.chance.random() < 0.4:
            self.stripe.pay(invoice, 1000)
        self.stripe.pay_out_of_band(invoice)

    def _after_what_does_not_count(self) -> None:
        """A trial, work by hand, or no subscription at all; then maybe the plan."""
        unlike = self.chance.choice(["trial", "manual", "none"])
        if unlike == "trial":
            self.stripe.bill(0)
        else:
            reason = "manual" if unlike == "manual" else None
            self.stripe.pay(self.stripe.bill(AMOUNT, reason=reason, subscription=False))
        if self.chance.random() < 0.6:
            self.stripe.now += DAY
            self._plainly()

    def _beside_a_charge(self) -> None:
        """And a one-off charge of the same number, in this currency or another."""
        first = self.chance.random() < 0.5
        if first:
            self._plainly()
        self.stripe.charge(AMOUNT, self.chance.choice(["eur", "eur", "brl"]))
        if not first:
            self._plainly()

    # What is claimed of a payment.

    def _none(self, payment: Payment) -> None:
        pass

    def _part(self, payment: Payment) -> None:
        self._refund(payment, self._some(payment))

    def _part_then_all(self, payment: Payment) -> None:
        part = self._some(payment)
        self._refund(payment, part)
        self._refund(payment, payment.amount - part)

    def _all(self, payment: Payment) -> None:
        self._refund(payment, payment.amount)

    def _disputed(self, payment: Payment) -> None:
        self._dispute(payment, payment.amount, self.chance.choice([None, None, "lost"]))

    def _disputed_in_part(self, payment: Payment) -> None:
        self._dispute(payment, self._some(payment), self.chance.choice([None, "lost", "won"]))

    def _won(self, payment: Payment) -> None:
        status = self.chance.choice(["won", "won", "warning_closed", "prevented"])
        self._dispute(payment, payment.amount, status)

    def _refund_that_fails(self, payment: Payment) -> None:
        whole = self.chance.random() < 0.6
        amount = payment.amount if whole else self._some(payment)
        began = self.chance.choice(["succeeded", "pending"])
        self._refund(payment, amount, began, "failed")
        if self.chance.random() < 0.3:
            self._refund(payment, self._some(payment))

    def _refund_that_is_canceled(self, payment: Payment) -> None:
        self._refund(payment, payment.amount, "requires_action", "canceled")

    def _refunded_and_disputed(self, payment: Payment) -> None:
        self._refund(payment, self._some(payment))
        self._dispute(payment, payment.amount, self.chance.choice([None, "won"]))

    def _warned(self, payment: Payment) -> None:
        self.stripe.warn(payment)

    def _warned_for_nothing(self, payment: Payment) -> None:
        self.stripe.warn(payment)
        self.stripe.calm(payment)

    def _warned_then_claimed(self, payment: Payment) -> None:
        self.stripe.warn(payment)
        claim = self.chance.choice([self._all, self._part, self._disputed_in_part, self._won])
        claim(payment)

    def _refund(self, payment: Payment, amount: int, *states: str) -> None:
        first, *others = states or self._states()
        refund = self.stripe.refund(payment, amount, first)
        for status in others:
            self.stripe.now += DAY
            self.stripe.refund_becomes(refund, payment, status)

    def _states(self) -> tuple[str, ...]:
        ways = [("succeeded",)] * 4 + [("pending", "succeeded"), ("pending",)]
        return self.chance.choice(ways)

    def _dispute(self, payment: Payment, amount: int, end: str | None) -> None:
        dispute = self.stripe.dispute(payment, amount)
        if self.chance.random() < 0.2:
            self.stripe.dispute_becomes(dispute, payment, "under_review")
        if end:
            self.stripe.now += DAY
            self.stripe.dispute_becomes(dispute, payment, end)

    def _some(self, payment: Payment) -> int:
        return min(self.chance.choice(_PART), payment.amount - 1)

    def _drawn(self, many: Sequence[tuple[int, Callable[..., None]]]) -> Callable[..., None]:
        weights, acts = zip(*many, strict=True)
        drawn: Callable[..., None] = self.chance.choices(acts, weights)[0]
        return partial(drawn, self)

    def _claimless(self) -> bool:
        return not any(one.refunds or one.disputes for one in self.stripe.payments)

    def _maybe(self, kind: str, arrives: float) -> frozenset[str]:
        return frozenset() if self.chance.random() < arrives else frozenset({kind})


_WAYS = (
    (7, Story._plainly),
    (3, Story._in_parts),
    (2, Story._weekly),
    (1, Story._out_of_band),
    (1, Story._after_what_does_not_count),
    (3, Story._beside_a_charge),
)
_CLAIMS = (
    (6, Story._none),
    (3, Story._part),
    (2, Story._part_then_all),
    (3, Story._all),
    (2, Story._disputed),
    (2, Story._disputed_in_part),
    (2, Story._won),
    (3, Story._refund_that_fails),
    (1, Story._refund_that_is_canceled),
    (1, Story._refunded_and_disputed),
    (1, Story._warned),
    (2, Story._warned_for_nothing),
    (1, Story._warned_then_claimed),
)
