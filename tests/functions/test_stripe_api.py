"""With an API key, Stripe is asked for what an event leaves out; a failure there is a 502."""

import pytest

from tests.stripe_payloads import (
    Sale,
    charge_refunded,
    charge_succeeded,
    dispute_created,
    fraud_warning,
    invoice_paid,
    invoice_payment,
    parts,
    refund,
)


def payments_of(*sales):
    """Stripe's list of what a payment intent paid."""
    found = [invoice_payment(sale) for sale in sales]
    return {"object": "list", "data": found, "has_more": False, "url": "/v1/invoice_payments"}


def knows(stripe_answers, sale, *, one_off=False):
    charge = charge_succeeded(sale)["data"]["object"]
    stripe_answers.answers[f"/v1/charges/{sale.charge}"] = charge
    found = payments_of() if one_off else payments_of(sale)
    stripe_answers.answers["/v1/invoice_payments"] = found


def test_a_dispute_of_a_charge_never_heard_of_is_placed_by_asking(programme, stripe_answers):
    sale = programme.referred("user-1")
    assert programme.stripe(invoice_paid(sale)).good
    knows(stripe_answers, sale)

    assert programme.stripe(dispute_created(sale)).good

    referral = programme.referral_of("user-1")["attribution"]
    assert (referral["status"], referral["skip_reason"]) == ("rejected", "disputed")
    assert programme.balance("user-1") == 0


def test_a_refund_of_one_of_two_payments_is_placed_by_asking(programme, stripe_answers):
    sale = programme.referred("user-1")
    assert programme.stripe(invoice_paid(sale)).good
    first, _ = parts(sale, 2450, 2450)
    knows(stripe_answers, first)

    assert programme.stripe(charge_refunded(first)).good

    assert programme.referral_of("user-1")["attribution"]["status"] == "rewarded"
    assert programme.balance("user-1") == 5_000


def test_that_a_charge_paid_no_invoice_is_an_answer_and_not_asked_again(programme, stripe_answers):
    sale = programme.referred("user-1")
    programme.pay(sale)
    other = Sale(customer=sale.customer, one_off=True)
    knows(stripe_answers, other, one_off=True)

    assert programme.stripe(charge_refunded(other, 10)).good
    asked = len(stripe_answers.asked)
    assert programme.stripe(charge_refunded(other)).good

    assert asked == len(stripe_answers.asked) == 2
    assert programme.status_of("user-1") == "rewarded"


def test_what_is_placed_already_asks_nothing(programme, stripe_answers):
    sale = programme.referred("user-1")
    programme.pay(sale)

    for event in (charge_refunded(sale, 100), refund(sale, amount=100), fraud_warning(sale)):
        assert programme.stripe(event).good

    assert stripe_answers.asked == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "Stripe refuses the API key"),
        (403, "Stripe refuses the API key"),
        (429, "Stripe failed or timed out"),
        (500, "Stripe failed or timed out"),
    ],
)
def test_stripe_failing_is_a_502_and_the_next_delivery_asks_again(
    programme, stripe_answers, status, told
):
    sale = programme.referred("user-1")
    assert programme.stripe(invoice_paid(sale)).good
    knows(stripe_answers, sale)
    stripe_answers.status = status

    answer = programme.stripe(dispute_created(sale))

    assert answer.status == 502
    assert answer.body["msg"] == told
    assert programme.status_of("user-1") == "rewarded"
    stripe_answers.status = 200
    assert programme.stripe(dispute_created(sale)).good
    assert programme.status_of("user-1") == "rejected"


def test_a_charge_that_stripe_does_not_know_is_no_failure(programme, stripe_answers):
    sale = programme.referred("user-1")

    assert programme.stripe(dispute_created(sale)).good["handled"] is True
