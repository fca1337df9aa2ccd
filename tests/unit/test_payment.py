"""Payments: which invoice counts, and which refunds and disputes are claims on it."""

from datetime import timedelta
from itertools import permutations

import pytest

from referrals.rules.payment import (
    CustomerFacts,
    first_payment,
    newer_charge,
    payment_of,
    qualifies,
)
from referrals.rules.programme import Programme
from tests.samples import NOW, PAID, charge, dispute, invoice

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


OLD_SHAPE = (invoice(charge_id="ch_1"), charge(invoice_id="in_1", refunded=700))
NEW_SHAPE = (invoice(payment_intent_id="pi_1"), charge(payment_intent_id="pi_1", refunded=700))
NAMELESS = (invoice(), charge(refunded=700))


@pytest.mark.parametrize("shape", [OLD_SHAPE, NEW_SHAPE, NAMELESS])
def test_a_refund_is_found_in_every_shape_of_stripe_s_payloads(shape):
    paid, charged = shape
    payment = payment_of(paid, _facts(invoices=(paid,), charges=(charged,)))
    assert (payment.claimed, payment.claimed_whole) == (700, False)


@pytest.mark.parametrize("shape", [OLD_SHAPE, NEW_SHAPE, NAMELESS])
def test_a_dispute_of_the_charge_claims_all_of_the_payment(shape):
    paid, charged = shape
    payment = payment_of(paid, _facts(invoices=(paid,), charges=(charged,), disputes=(dispute(),)))
    assert payment.disputed
    assert payment.claimed_whole


def test_a_dispute_is_found_by_its_payment_intent_where_no_charge_was_seen():
    paid = invoice(payment_intent_id="pi_1")
    told = dispute(charge_id="ch_unseen", payment_intent_id="pi_1")
    assert payment_of(paid, _facts(invoices=(paid,), disputes=(told,))).disputed


@pytest.mark.parametrize(
    "other",
    [
        charge(charge_id="ch_2", invoice_id="in_2", refunded=PAID),
        charge(charge_id="ch_2", payment_intent_id="pi_2", refunded=PAID),
        charge(charge_id="ch_2", amount=PAID + 1, refunded=PAID),
    ],
)
def test_another_payment_s_refund_is_no_claim_on_this_one(other):
    paid = invoice(payment_intent_id="pi_1") if other.payment_intent_id else invoice()
    assert payment_of(paid, _facts(invoices=(paid,), charges=(other,))).claimed == 0


def test_of_two_nameless_invoices_of_one_amount_the_nearest_in_time_is_meant():
    first = invoice(invoice_id="in_1", paid_at=NOW)
    second = invoice(invoice_id="in_2", paid_at=NOW + timedelta(days=30))
    refunded = charge(refunded=PAID, created_at=NOW + timedelta(days=29))
    facts = _facts(invoices=(first, second), charges=(refunded,))
    assert payment_of(first, facts).claimed == 0
    assert payment_of(second, facts).claimed_whole


def test_refunds_of_several_charges_of_one_invoice_add_up_to_at_most_the_payment():
    paid = invoice()
    charges = tuple(charge(charge_id=f"ch_{n}", invoice_id="in_1", refunded=1000) for n in range(4))
    facts = _facts(invoices=(paid,), charges=charges)
    assert payment_of(paid, _facts(invoices=(paid,), charges=charges[:2])).claimed == 2000
    assert payment_of(paid, facts).claimed == PAID


def test_a_dispute_that_was_won_claims_nothing():
    paid = invoice(charge_id="ch_1")
    won = dispute(closed=True, won=True)
    assert payment_of(paid, _facts(invoices=(paid,), disputes=(won,))).claimed == 0


def test_one_won_dispute_does_not_lift_another():
    paid = invoice(charge_id="ch_1")
    both = (dispute(closed=True, won=True), dispute(dispute_id="dp_2"))
    assert payment_of(paid, _facts(invoices=(paid,), disputes=both)).disputed


def test_a_lost_dispute_keeps_its_claim():
    paid = invoice(charge_id="ch_1")
    assert payment_of(paid, _facts(invoices=(paid,), disputes=(dispute(closed=True),))).disputed


def test_a_charge_s_reports_lead_to_one_charge_in_whatever_order_they_come():
    reports = [
        charge(card="card", invoice_id="in_1"),
        charge(refunded=500, payment_intent_id="pi_1"),
        charge(refunded=900),
    ]
    for first, second, third in permutations(reports):
        merged = newer_charge(newer_charge(first, second), third)
        assert merged == charge(
            refunded=900, card="card", invoice_id="in_1", payment_intent_id="pi_1"
        )
