"""Refunds, disputes and fraud warnings: before the grant, after it, before all else is known."""

import itertools

import pytest

from referrals.store import keys
from tests import stripe_payloads as stripe
from tests.functions.running import REFERRER
from tests.stripe_payloads import SHAPES, Sale

USER = "user-new"
WHOLE_CLAIMS = {
    "refunded": stripe.charge_refunded,
    "disputed": stripe.dispute_created,
}


@pytest.fixture(params=SHAPES)
def sale(request, programme) -> Sale:
    """A sale to a signed-up user, whom Stripe knows as a customer."""
    customer = programme.referred(USER).customer
    return Sale(customer=customer, shape=request.param)


def attribution(programme):
    return programme.referral_of(USER)["attribution"]


def balances(programme):
    return programme.balance(REFERRER), programme.balance(USER)


def deliver(programme, *events):
    for event in events:
        assert programme.stripe(event).good["handled"]


def paid(sale):
    return stripe.payment(sale)


@pytest.mark.parametrize("claim", WHOLE_CLAIMS)
def test_a_claim_on_the_whole_payment_takes_the_credits_back(programme, sale, claim):
    deliver(programme, *paid(sale))
    assert balances(programme) == (10_000, 10_000)
    deliver(programme, WHOLE_CLAIMS[claim](sale))
    rejected = attribution(programme)
    assert (rejected["status"], rejected["skip_reason"]) == ("rejected", claim)
    assert balances(programme) == (0, 0)


@pytest.mark.parametrize("claim", WHOLE_CLAIMS)
def test_a_claim_that_came_before_the_payment_is_known_grants_nothing(programme, sale, claim):
    deliver(programme, WHOLE_CLAIMS[claim](sale), *reversed(paid(sale)))
    rejected = attribution(programme)
    assert (rejected["status"], rejected["skip_reason"]) == ("rejected", claim)
    assert balances(programme) == (0, 0)
    assert programme.referral_of(USER)["rewards"] == []


@pytest.mark.parametrize("claim", WHOLE_CLAIMS)
def test_every_order_of_payment_and_claim_ends_the_same(programme, sale, claim):
    for number, order in enumerate(itertools.permutations(range(len(paid(sale)) + 1))):
        user = f"user-order-{number}"
        own = Sale(customer=programme.referred(user).customer, shape=sale.shape)
        events = [*paid(own), WHOLE_CLAIMS[claim](own)]
        deliver(programme, *(events[index] for index in order))
        assert programme.status_of(user) == "rejected", order
        assert programme.balance(user) == 0, order
    assert programme.balance(REFERRER) == 0


@pytest.mark.parametrize("claim", WHOLE_CLAIMS)
def test_the_same_claim_again_takes_nothing_more(programme, sale, claim, untouched):
    other = programme.rewarded("user-other")
    assert other["attribution"]["status"] == "rewarded"
    deliver(programme, *paid(sale), WHOLE_CLAIMS[claim](sale))
    assert balances(programme) == (10_000, 0)
    with untouched():
        deliver(programme, WHOLE_CLAIMS[claim](sale))


def test_a_partial_refund_takes_its_share(programme, sale):
    deliver(programme, *paid(sale), stripe.charge_refunded(sale, 1225))
    assert attribution(programme)["status"] == "rewarded"
    assert "partially_refunded" in attribution(programme)["risk_flags"]
    assert balances(programme) == (7_500, 7_500)


def test_of_an_invoice_paid_out_of_band_but_for_a_part_the_part_is_claimed(programme, sale):
    """Only newer versions count as paid what Stripe never saw."""
    (part,) = stripe.parts(sale, 1225)
    told = [stripe.invoice_paid(sale), stripe.invoice_payment_paid(part)]
    if sale.shape == stripe.OLD:
        seen = {"amount_paid": 1225, "charge": part.charge}
        told = [stripe.invoice_paid(sale, paid_out_of_band=True, **seen)]
    deliver(programme, *told, stripe.charge_refunded(part))
    assert balances(programme) == (7_500, 7_500)


def test_several_partial_refunds_add_up_and_round_against_over_crediting(programme, sale):
    deliver(programme, *paid(sale))
    # Stripe tells the total so far: 1/4900 of 10,000 credits is 2.04, so 3 are taken.
    deliver(programme, stripe.charge_refunded(sale, 1))
    assert balances(programme) == (9_997, 9_997)
    deliver(programme, stripe.charge_refunded(sale, 2450))
    assert balances(programme) == (5_000, 5_000)
    deliver(programme, stripe.charge_refunded(sale, 1))
    assert balances(programme) == (5_000, 5_000)
    deliver(programme, stripe.charge_refunded(sale, 4900))
    assert balances(programme) == (0, 0)
    assert attribution(programme)["status"] == "rejected"


def test_a_partial_refund_that_came_first_is_taken_from_the_grant(programme, sale):
    deliver(programme, stripe.charge_refunded(sale, 1225), *paid(sale))
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (7_500, 7_500)


def test_a_reversal_takes_no_more_than_is_left(programme, sale, table):
    deliver(programme, *paid(sale))
    spent = table.update("spent", keys.credits(USER), "ADD balance :spent", {":spent": -9_000})
    table.write(spent)
    deliver(programme, stripe.charge_refunded(sale))
    assert balances(programme) == (0, 0)
    grant = programme.referral_of(USER)["rewards"][1]["credits_grant_key"]
    reversal = table.get(keys.ledger(USER, f"reversal:{grant}"))
    assert (reversal["credits"], reversal["shortfall"]) == (-1_000, 9_000)


@pytest.mark.parametrize("status", ["won", "warning_closed"])
def test_a_dispute_that_was_won_gives_the_credits_back(programme, sale, status):
    deliver(programme, *paid(sale), stripe.dispute_created(sale))
    assert balances(programme) == (0, 0)
    deliver(programme, stripe.dispute_closed(sale, status))
    assert attribution(programme)["status"] == "rewarded"
    assert "skip_reason" not in attribution(programme)
    assert balances(programme) == (10_000, 10_000)


def test_a_dispute_that_was_lost_changes_nothing_more(programme, sale):
    deliver(programme, *paid(sale), stripe.dispute_created(sale))
    deliver(programme, stripe.dispute_closed(sale, "lost"))
    assert attribution(programme)["skip_reason"] == "disputed"
    assert balances(programme) == (0, 0)


def test_a_dispute_won_before_its_beginning_is_heard_of_stays_won(programme, sale):
    deliver(programme, *paid(sale), stripe.dispute_closed(sale, "won"))
    deliver(programme, stripe.dispute_created(sale))
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (10_000, 10_000)


def test_a_refund_outlasts_a_dispute_that_was_won(programme, sale):
    deliver(programme, *paid(sale), stripe.dispute_created(sale), stripe.charge_refunded(sale))
    deliver(programme, stripe.dispute_closed(sale, "won"))
    assert attribution(programme)["status"] == "rejected"
    assert attribution(programme)["skip_reason"] == "refunded"
    assert balances(programme) == (0, 0)


def test_a_dispute_on_a_charge_of_nobody_changes_no_referral(programme, sale):
    deliver(programme, *paid(sale))
    deliver(programme, stripe.dispute_created(Sale(customer="cus_none", shape=sale.shape)))
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (10_000, 10_000)


def test_a_claim_on_a_later_payment_does_not_touch_the_reward(programme, sale):
    deliver(programme, *paid(sale))
    month = 30 * 86_400
    renewal = Sale(
        customer=sale.customer,
        shape=sale.shape,
        paid_at=sale.paid_at + month,
        billing_reason="subscription_cycle",
    )
    deliver(programme, *paid(renewal), stripe.charge_refunded(renewal))
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (10_000, 10_000)


@pytest.mark.parametrize("claim", WHOLE_CLAIMS)
def test_a_claim_during_the_hold_means_that_nothing_is_ever_granted(
    programme, sale, configure, claim
):
    configure(REWARD_HOLD_DAYS=7)
    deliver(programme, *paid(sale))
    assert attribution(programme)["status"] == "qualified"
    deliver(programme, WHOLE_CLAIMS[claim](sale))
    assert attribution(programme)["status"] == "rejected"
    assert programme.recover().good["recovered"] == 0
    assert balances(programme) == (0, 0)


def test_a_claim_before_the_grant_gives_the_month_its_slot_back(programme, sale, configure):
    configure(MONTHLY_REFERRER_REWARD_CAP=1, REWARD_HOLD_DAYS=7)
    deliver(programme, *paid(sale), stripe.charge_refunded(sale))
    configure(REWARD_HOLD_DAYS=0)
    assert programme.rewarded("user-next")["attribution"]["status"] == "rewarded"


@pytest.mark.parametrize("claim", WHOLE_CLAIMS)
def test_where_reversals_are_off_a_claim_is_flagged_alone(programme, sale, configure, claim):
    configure(REVERSAL_MODE="flag")
    deliver(programme, *paid(sale), WHOLE_CLAIMS[claim](sale))
    flagged = attribution(programme)
    assert flagged["status"] == "rewarded"
    assert claim in flagged["risk_flags"]
    assert balances(programme) == (10_000, 10_000)
