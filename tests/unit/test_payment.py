"""Payments: which invoice counts. What was taken back of it is in test_claims.py."""

from datetime import timedelta
from itertools import permutations

import pytest

from referrals.rules.facts import CustomerFacts
from referrals.rules.payment import first_payment, qualifies
from referrals.rules.programme import Programme
from tests.samples import NOW, invoice

_PROGRAMME = Programme()
_LATER = NOW + timedelta(days=30)


def _facts(**known):
    return CustomerFacts(customer_id="cus_1", **known)


@pytest.mark.parametrize(
    "reason", ["subscription_create", "subscription_cycle", "subscription_update", "subscription"]
)
def test_money_from_a_subscription_qualifies(reason):
    assert qualifies(invoice(billing_reason=reason), _PROGRAMME)


@pytest.mark.parametrize("reason", ["manual", "subscription_threshold", "upcoming", ""])
def test_manual_and_overage_invoices_do_not(reason):
    assert not qualifies(invoice(billing_reason=reason), _PROGRAMME)


def test_an_invoice_without_money_never_qualifies():
    assert not qualifies(invoice(amount_paid=0), Programme(minimum_paid_amount=0))


def test_the_smallest_amount_is_the_operator_s_choice():
    programme = Programme(minimum_paid_amount=500)
    assert not qualifies(invoice(amount_paid=499), programme)
    assert qualifies(invoice(amount_paid=500), programme)


def test_the_earliest_qualifying_invoice_decides_in_whatever_order_they_came():
    trial = invoice(invoice_id="in_trial", amount_paid=0, paid_at=NOW)
    first = invoice(invoice_id="in_first", paid_at=NOW + timedelta(days=1))
    second = invoice(invoice_id="in_second", paid_at=NOW + timedelta(days=2))
    for told in permutations([trial, first, second]):
        payment = first_payment(_facts(invoices=told), _PROGRAMME, until=_LATER)
        assert payment.invoice == first


def test_an_invoice_paid_after_the_window_does_not_decide():
    late = invoice(paid_at=_LATER + timedelta(seconds=1))
    assert first_payment(_facts(invoices=(late,)), _PROGRAMME, until=_LATER) is None
    assert first_payment(_facts(invoices=(invoice(paid_at=_LATER),)), _PROGRAMME, until=_LATER)


def test_an_earlier_payment_that_is_heard_of_later_takes_over():
    earlier = invoice(invoice_id="in_0", paid_at=NOW - timedelta(hours=1))
    facts = _facts(invoices=(invoice(), earlier))
    payment = first_payment(facts, _PROGRAMME, until=NOW, known="in_1")
    assert payment.invoice == earlier


def test_a_later_payment_never_takes_over_where_the_first_is_no_longer_kept():
    facts = _facts(invoices=(invoice(invoice_id="in_2"),))
    assert first_payment(facts, _PROGRAMME, until=NOW, known="in_1") is None
