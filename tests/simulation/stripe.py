"""A little Stripe: its customers are billed, charged, refunded; it tells of each in an event.

An event holds the object as it was at that moment. Who sends it on may do so late, twice, under
another id and in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests import stripe_payloads
from tests.simulation import stripe_shapes as shapes
from tests.simulation.stripe_books import Dispute, Invoice, Payment, Refund
from tests.stripe_payloads import BASIL, OLD, Payload, Sale

DAY = 24 * 3600


@dataclass(frozen=True)
class Told:
    """An event, and the payments whose invoice it names."""

    payload: Payload
    places: tuple[Payment, ...] = ()

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def early(self) -> bool:
        """Whether it tells of an invoice that is not paid yet."""
        return self.payload["data"]["object"].get("status") == "open"


@dataclass
class Stripe:
    """The books of one customer, in an account whose endpoints have these API versions."""

    customer: str
    now: int
    chance: Random
    versions: Sequence[str] = (BASIL,)
    # Whether invoices list their payments.
    expands: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def bill(self, asked: int, currency: str = "eur", **changes: Any) -> Invoice:
        """A new invoice; one of nothing is paid by that."""
        number = self._number("i", self.invoices)
        invoice = Invoice(number, self.customer, asked, currency, self.now, **changes)
        self.invoices.append(invoice)
        if not asked:
            self._paid(invoice)
        return invoice

    def pay(self, invoice: Invoice, amount: int | None = None) -> Payment:
        """The customer pays an invoice, or a part of what is left of it."""
        left = invoice.asked - invoice.collected
        payment = self._charge(amount or left, invoice.currency, invoice)
        invoice.payments.append(payment)
        if payment.amount == left:
            self._paid(invoice, "invoice.paid")
        self._tell_invoice(invoice, "invoice.payment_succeeded")
        if BASIL in self.versions:
            made = shapes.invoice_payment_object(payment, invoice)
            self._tell("invoice_payment.paid", made, BASIL, payment)
        return payment

    def pay_out_of_band(self, invoice: Invoice) -> None:
        """What is left of an invoice is paid past Stripe, and marked so."""
        invoice.out_of_band = True
        self._paid(invoice, "invoice.paid", "invoice.payment_succeeded")

    def charge(self, amount: int, currency: str = "eur") -> Payment:
        """A one-off charge, for no invoice."""
        return self._charge(amount, currency, None)

    def refund(self, payment: Payment, amount: int, status: str = "succeeded") -> Refund:
        refund = Refund(self._claim("re", payment, payment.refunds), amount, self.now, status)
        payment.refunds.append(refund)
        self._tell_refund(refund, payment, "refund.created")
        self._tell_charge(payment, "charge.refunded")
        self._calm_if_claimed(payment)
        return refund

    def refund_becomes(self, refund: Refund, payment: Payment, status: str) -> None:
        """It succeeds, fails or is canceled. Of a failure no charge tells, but the refund does."""
        refund.status = status
        kinds = ["refund.updated", "charge.refund.updated"]
        for kind in ["refund.failed", *kinds] if status == "failed" else kinds:
            self._tell_refund(refund, payment, kind)

    def dispute(self, payment: Payment, amount: int, status: str = "needs_response") -> Dispute:
        dispute = Dispute(self._claim("du", payment, payment.disputes), amount, self.now, status)
        payment.disputes.append(dispute)
        self._tell_dispute(dispute, payment, "charge.dispute.created")
        self._calm_if_claimed(payment)
        return dispute

    def dispute_becomes(self, dispute: Dispute, payment: Payment, status: str) -> None:
        """It is looked at, or closed."""
        dispute.status = status
        looked_at = status.endswith("under_review")
        kind = "charge.dispute.updated" if looked_at else "charge.dispute.closed"
        self._tell_dispute(dispute, payment, kind)

    def warn(self, payment: Payment) -> None:
        """The card's bank takes the payment for a fraud."""
        payment.warning = True
        self._tell_warning(payment, "radar.early_fraud_warning.created")

    def calm(self, payment: Payment) -> None:
        """The warning asks for nothing any more."""
        payment.warning = False
        self._tell_warning(payment, "radar.early_fraud_warning.updated")

    def tell_of_customer(self) -> None:
        """The customer is made, with the account's metadata."""
        made = shapes.customer_object(self.customer, self.now)
        self._tell("customer.created", made | {"metadata": self.metadata}, BASIL)

    def _charge(self, amount: int, currency: str, invoice: Invoice | None) -> Payment:
        number = self._number("p", self.payments)
        payment = Payment(number, self.customer, amount, currency, self.now)
        self.payments.append(payment)
        self._tell_charge(payment, "charge.succeeded", invoice)
        return payment

    def _paid(self, invoice: Invoice, *kinds: str) -> None:
        invoice.paid_at = self.now
        for kind in kinds or ("invoice.paid",):
            self._tell_invoice(invoice, kind)

    def _calm_if_claimed(self, payment: Payment) -> None:
        """Nothing is left to be done about a fraud that is disputed, or whose money went back."""
        if payment.warning and (payment.disputes or payment.claimed == payment.amount):
            self.calm(payment)

    def _tell_invoice(self, invoice: Invoice, kind: str) -> None:
        version = self._version()
        made = shapes.invoice_object(invoice, version, expanded=self.expands)
        # Of an invoice that is still open nothing is kept.
        read = invoice.paid_at is not None and (version == OLD or self.expands)
        named = invoice.payments if read else ()
        self._tell(kind, made | {"metadata": self.metadata}, version, *named)

    def _tell_charge(self, payment: Payment, kind: str, invoice: Invoice | None = None) -> None:
        version = self._version()
        paid = (one for one in self.invoices if payment in one.payments)
        invoice = invoice or next(paid, None)
        named = (payment,) if version == OLD and invoice else ()
        self._tell(kind, shapes.charge_object(payment, invoice, version), version, *named)

    def _tell_refund(self, refund: Refund, payment: Payment, kind: str) -> None:
        self._tell(kind, shapes.refund_object(refund, payment), self._version())

    def _tell_dispute(self, dispute: Dispute, payment: Payment, kind: str) -> None:
        self._tell(kind, shapes.dispute_object(dispute, payment), self._version())

    def _tell_warning(self, payment: Payment, kind: str) -> None:
        self._tell(kind, shapes.warning_object(payment), self._version())

    def _tell(self, kind: str, made: Payload, version: str, *places: Payment) -> None:
        self.now += 1
        sale = Sale(customer=self.customer, paid_at=self.now, shape=version)
        name = f"evt_{self.customer}x{len(self.told)}"
        told = stripe_payloads.event(sale, kind, made, id=name, livemode=True)
        self.told.append(Told(told, places))

    def _version(self) -> str:
        return self.chance.choice(self.versions)

    def _number(self, kind: str, others: Sequence[Invoice] | Sequence[Payment]) -> str:
        """The customer's name; with a number from the second on."""
        name = self.customer.removeprefix("cus_")
        return f"{name}{kind}{len(others) + 1}" if others else name

    @staticmethod
    def _claim(kind: str, payment: Payment, others: Sequence[Refund] | Sequence[Dispute]) -> str:
        return f"{kind}_{payment.number}" + (f"n{len(others) + 1}" if others else "")
