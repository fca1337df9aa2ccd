"""Claims: what was taken back of an invoice is known by name, and never guessed."""

from datetime import timedelta

import pytest

from referrals.rules.claims import Payments
from referrals.rules.facts import CustomerFacts
from referrals.rules.payment import payment_of
from tests.samples import NOW, PAID, charge, dispute, invoice, invoice_payment, refund, warning

LATER = NOW + timedelta(days=1)


def _facts(**known):
    return CustomerFacts(customer_id="cus_1", **known)


def _payment(paid, **known):
    return payment_of(paid, _facts(invoices=(paid,), **known))


# Every way in which a charge is known to have paid an invoice.
NAMED = {
    "the charge names the invoice": (invoice(), charge(invoice_id="in_1"), ()),
    "the invoice names the charge": (invoice(charge_id="ch_1"), charge(), ()),
    "both name the payment intent": (
        invoice(payment_intent_id="pi_1"),
        charge(payment_intent_id="pi_1"),
        (),
    ),
    "an invoice payment names the intent": (
        invoice(),
        charge(payment_intent_id="pi_1"),
        (invoice_payment(),),
    ),
    "an invoice payment names the charge": (
        invoice(),
        charge(),
        (invoice_payment(payment_intent_id=None, charge_id="ch_1"),),
    ),
}
named = pytest.mark.parametrize(("paid", "charged", "payments"), NAMED.values(), ids=NAMED)


@named
def test_a_refund_is_found_by_name(paid, charged, payments):
    refunded = charge(**vars(charged) | {"refunded": 700})
    payment = _payment(paid, charges=(refunded,), payments=payments)
    assert (payment.claimed, payment.claimed_whole) == (700, False)


@named
@pytest.mark.parametrize("amount", [PAID, None])
def test_a_dispute_of_the_charge_claims_all_of_the_payment(paid, charged, payments, amount):
    told = dispute(amount=amount)
    payment = _payment(paid, charges=(charged,), payments=payments, disputes=(told,))
    assert payment.disputed == PAID
    assert payment.claimed_whole


@named
def test_what_was_told_of_the_refund_itself_is_enough(paid, charged, payments):
    payment = _payment(paid, charges=(charged,), payments=payments, refunds=(refund(amount=9),))
    assert payment.claimed == 9


@named
def test_a_warning_of_the_charge_is_found_by_name(paid, charged, payments):
    known = {"charges": (charged,), "payments": payments}
    assert _payment(paid, **known, warnings=(warning(),)).warned
    assert not _payment(paid, **known, warnings=(warning(actionable=False),)).warned


def test_claims_are_found_by_their_payment_intent_where_no_charge_was_seen():
    paid = invoice(payment_intent_id="pi_1")
    named = {"charge_id": "ch_unseen", "payment_intent_id": "pi_1"}
    assert _payment(paid, disputes=(dispute(**named),)).disputed
    assert _payment(paid, refunds=(refund(**named),)).refunded == PAID
    assert _payment(paid, refunds=(refund(charge_id=None, payment_intent_id="pi_1"),)).refunded


OTHERS = {
    "of another invoice": charge(charge_id="ch_2", invoice_id="in_2", refunded=PAID),
    "of another intent": charge(charge_id="ch_2", payment_intent_id="pi_2", refunded=PAID),
    "that names nothing": charge(charge_id="ch_2", refunded=PAID),
    "in another currency": charge(payment_intent_id="pi_1", currency="brl", refunded=PAID),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_charge_is_no_claim_though_amount_and_time_are_the_same(other):
    paid = invoice(payment_intent_id="pi_1")
    assert _payment(paid, charges=(other,)).claimed == 0


@pytest.mark.parametrize("status", ["open", "canceled"])
def test_a_payment_that_was_not_made_pays_nothing(status):
    known = {"charges": (charge(payment_intent_id="pi_1", refunded=PAID),)}
    facts = _facts(invoices=(invoice(),), payments=(invoice_payment(status=status),), **known)
    assert payment_of(invoice(), facts).claimed == 0
    assert Payments(facts).unmatched() == ()


def _half(number):
    part = {"charge_id": f"ch_{number}", "payment_intent_id": f"pi_{number}", "amount": PAID // 2}
    listed = {"payment_id": f"inpay_{number}", "payment_intent_id": f"pi_{number}"}
    return charge(**part, refunded=PAID // 2), invoice_payment(**listed, amount=PAID // 2)


def test_an_invoice_paid_by_two_payments_is_gone_when_both_are_refunded():
    charges, payments = zip(_half(1), _half(2), strict=True)
    one = _payment(invoice(), charges=charges[:1], payments=payments)
    assert (one.claimed, one.claimed_whole) == (PAID // 2, False)
    assert _payment(invoice(), charges=charges, payments=payments).claimed_whole


def test_a_payment_claims_no_more_of_an_invoice_than_it_paid_of_it():
    """It paid two invoices, or more than was asked."""
    known = charge(payment_intent_id="pi_1", amount=2 * PAID, refunded=2 * PAID)
    part = invoice_payment(amount=500)
    assert _payment(invoice(), charges=(known,), payments=(part,)).claimed == 500


def test_refunds_and_disputes_of_a_charge_add_up_to_at_most_the_charge():
    paid, half = invoice(charge_id="ch_1"), PAID // 2
    known = {"charges": (charge(amount=half, refunded=half - 100),)}
    payment = _payment(paid, **known, disputes=(dispute(amount=half),))
    assert (payment.disputed, payment.refunded, payment.claimed) == (half, 0, half)
    payment = _payment(paid, **known, disputes=(dispute(amount=60),))
    assert payment.claimed == half - 40


def test_a_dispute_of_a_part_claims_its_part():
    payment = _payment(invoice(charge_id="ch_1"), disputes=(dispute(amount=100, currency="usd"),))
    assert (payment.claimed, payment.claimed_whole) == (100, False)
    other = dispute(amount=100, currency="brl")
    assert _payment(invoice(charge_id="ch_1"), disputes=(other,)).claimed == 0


def test_a_dispute_that_was_won_claims_nothing_and_lifts_no_other():
    paid, won = invoice(charge_id="ch_1"), dispute(closed=True, won=True)
    assert _payment(paid, disputes=(won,)).claimed == 0
    assert _payment(paid, disputes=(won, dispute(dispute_id="dp_2"))).claimed_whole
    assert _payment(paid, disputes=(dispute(closed=True),)).claimed_whole


def test_a_dispute_that_follows_says_more_than_the_warning():
    paid = invoice(charge_id="ch_1")
    for followed in (dispute(), dispute(closed=True, won=True)):
        assert not _payment(paid, warnings=(warning(),), disputes=(followed,)).warned


def _refunded(charged, *refunds):
    return _payment(invoice(charge_id="ch_1"), charges=(charged,), refunds=refunds).refunded


def _failed(at, **changes):
    return refund(status="failed", failed_at=at, **changes)


def test_a_refund_that_failed_after_the_charge_was_told_is_given_back():
    told = charge(refunded=900, told_at=LATER)
    assert _refunded(told, _failed(LATER + timedelta(days=3), amount=500)) == 400
    assert _refunded(told, _failed(LATER, amount=500)) == 400


def test_a_refund_that_failed_before_or_began_after_is_not_in_the_charge_s_figure():
    told = charge(refunded=900, told_at=LATER)
    early = _failed(LATER - timedelta(seconds=1), amount=500)
    assert _refunded(told, early) == 900
    after = LATER + timedelta(hours=1)
    assert _refunded(told, _failed(after, amount=500, created_at=after)) == 900


def test_refunds_that_stand_count_though_the_charge_was_told_before_them():
    told = charge(refunded=0, told_at=NOW)
    both = refund(amount=300), refund(refund_id="re_2", amount=400, status="pending")
    assert _refunded(told, *both) == 700
    assert _refunded(told, *both, _failed(LATER, refund_id="re_3", amount=200)) == 700


def test_no_more_is_refunded_than_was_charged():
    told = charge(amount=500, refunded=500)
    assert _refunded(told, refund(amount=400), refund(refund_id="re_2", amount=400)) == 500


def test_a_claim_that_nothing_places_is_unmatched():
    loose = {"charge_id": "ch_2", "payment_intent_id": "pi_2"}
    facts = _facts(
        invoices=(invoice(),),
        charges=(charge(charge_id="ch_3", refunded=10, currency="usd"), charge(**loose)),
        refunds=(refund(amount=20, **loose), _failed(NOW, refund_id="re_failed", **loose)),
        disputes=(
            dispute(amount=30, currency="usd", **loose),
            dispute(dispute_id="dp_won", closed=True, won=True, **loose),
        ),
        warnings=(warning(**loose), warning(warning_id="issfr_2", actionable=False, **loose)),
    )
    found = {(one.kind, one.id, one.amount) for one in Payments(facts).unmatched()}
    assert found == {
        ("refund", "re_1", 20),
        ("dispute", "dp_1", 30),
        ("warning", "issfr_1", None),
        ("refund", "ch_3", 10),
    }


PLACED = {
    "the charge names an invoice": {"charges": (charge(invoice_id="in_gone"),)},
    "the charge is known to have paid none": {"charges": (charge(one_off=True),)},
    "an invoice names the charge": {"invoices": (invoice(charge_id="ch_1"),)},
    "an invoice payment names the charge": {
        "payments": (invoice_payment(charge_id="ch_1", payment_intent_id=None),)
    },
}


@pytest.mark.parametrize("known", PLACED.values(), ids=PLACED)
def test_a_claim_is_placed_by_whatever_says_what_its_charge_paid(known):
    assert Payments(_facts(disputes=(dispute(),), **known)).unmatched() == ()
    assert Payments(_facts(disputes=(dispute(),))).unmatched() != ()


def test_a_claim_in_another_currency_than_its_invoice_is_unmatched():
    facts = _facts(invoices=(invoice(charge_id="ch_1"),), disputes=(dispute(currency="brl"),))
    assert [one.id for one in Payments(facts).unmatched()] == ["dp_1"]
