"""Which payment was whose, in the shapes of today's Stripe and of the one before."""

from dataclasses import replace

import pytest

from tests import stripe_payloads as stripe
from tests.functions.running import REFERRER
from tests.stripe_payloads import BASIL, OLD, SHAPES, Sale

USER = "user-new"
WEEK = 7 * 86_400


@pytest.fixture(params=SHAPES)
def sale(request, programme) -> Sale:
    """A sale to a signed-up user, whom Stripe knows as a customer."""
    return Sale(customer=programme.referred(USER).customer, shape=request.param)


def attribution(programme):
    return programme.referral_of(USER)["attribution"]


def balances(programme):
    return programme.balance(REFERRER), programme.balance(USER)


def tell(programme, *events):
    for event in events:
        assert programme.stripe(event).status == 200, event["type"]


def history(programme):
    path = f"/admin/referrals/{attribution(programme)['id']}"
    return programme.admin("get_referral", "GET", path).good


@pytest.mark.parametrize("currency", ["eur", "brl"])
@pytest.mark.parametrize("claim", [stripe.charge_refunded, stripe.dispute_created])
def test_a_one_off_charge_of_the_same_number_is_another_payment(programme, sale, claim, currency):
    other = replace(sale, number=f"{sale.number}other", currency=currency, one_off=True)
    tell(programme, *stripe.payment(sale), stripe.charge_succeeded(other), claim(other))
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (10_000, 10_000)


def test_the_refund_of_the_second_week_leaves_the_first_whose_debit_settled_late(programme, sale):
    """The second invoice is paid by card before the first one's debit settles."""
    first = replace(sale, paid_at=sale.paid_at + WEEK + 3600)
    second = replace(sale, number=f"{sale.number}b", paid_at=sale.paid_at + WEEK)
    debit = stripe.payment(first)
    tell(programme, *stripe.payment(second))
    known = attribution(programme)["first_paid_invoice_id"]
    third = replace(sale, number=f"{sale.number}c", paid_at=sale.paid_at + 2 * WEEK)
    tell(programme, *debit, *stripe.payment(third), stripe.charge_refunded(third))
    assert attribution(programme)["first_paid_invoice_id"] == known
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (10_000, 10_000)


@pytest.mark.parametrize("listed", [True, False], ids=["in the invoice's list", "told by events"])
def test_an_invoice_of_two_payments_is_gone_when_both_are_refunded(programme, listed):
    sale = Sale(customer=programme.referred(USER).customer)
    one, other = stripe.parts(sale, 2450, 2450)
    if listed:
        payments = [stripe.invoice_payment(one), stripe.invoice_payment(other)]
        tell(programme, stripe.expanded_invoice_paid(sale, payments))
    else:
        tell(programme, stripe.invoice_paid(sale))
        tell(programme, *map(stripe.invoice_payment_paid, (one, other)))
    tell(programme, *map(stripe.charge_succeeded, (one, other)), stripe.charge_refunded(one))
    assert balances(programme) == (5_000, 5_000)
    tell(programme, stripe.charge_refunded(other))
    assert attribution(programme)["status"] == "rejected"
    assert balances(programme) == (0, 0)


@pytest.mark.parametrize("status", ["open", "canceled"])
def test_a_listed_payment_that_was_not_made_pays_nothing(programme, status):
    sale = Sale(customer=programme.referred(USER).customer)
    tried = replace(sale, number=f"{sale.number}tried", of_invoice=sale.invoice)
    payments = [stripe.invoice_payment(tried, status), stripe.invoice_payment(sale)]
    tell(programme, stripe.expanded_invoice_paid(sale, payments), stripe.charge_refunded(tried))
    assert attribution(programme)["status"] == "rewarded"
    assert history(programme)["unmatched_claims"] == []


def test_a_dispute_of_a_part_takes_its_share(programme, sale):
    tell(programme, *stripe.payment(sale), stripe.dispute_created(sale, amount=980))
    assert attribution(programme)["status"] == "rewarded"
    assert attribution(programme)["risk_flags"] == ["partially_disputed"]
    assert balances(programme) == (8_000, 8_000)
    tell(programme, stripe.dispute_closed(sale, "won", amount=980))
    assert balances(programme) == (10_000, 10_000)


@pytest.mark.parametrize("status", ["prevented", "warning_closed", "won"])
def test_an_update_may_tell_that_a_dispute_leaves_the_money(programme, sale, status):
    tell(programme, *stripe.payment(sale), stripe.dispute_updated(sale, status=status))
    tell(programme, stripe.dispute_created(sale))
    assert attribution(programme)["status"] == "rewarded"


@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
@pytest.mark.parametrize("amount", [4900, 1225])
def test_a_refund_that_fails_gives_back_what_it_took(programme, sale, kind, amount):
    tell(programme, *stripe.payment(sale), stripe.refund(sale, amount=amount))
    tell(programme, stripe.charge_refunded(sale, amount))
    taken = 10_000 * amount // 4900
    assert balances(programme) == (10_000 - taken, 10_000 - taken)
    tell(programme, stripe.later(stripe.refund_failed(sale, kind, amount=amount), 86_400))
    assert attribution(programme)["status"] == "rewarded"
    assert "skip_reason" not in attribution(programme)
    assert balances(programme) == (10_000, 10_000)


def test_a_smaller_amount_refunded_gives_back_too(programme, sale):
    tell(programme, *stripe.payment(sale), stripe.charge_refunded(sale))
    assert balances(programme) == (0, 0)
    tell(programme, stripe.later(stripe.charge_refunded(sale, 0), 60))
    assert attribution(programme)["status"] == "rewarded"
    assert balances(programme) == (10_000, 10_000)


def test_another_business_s_payment_grants_nothing(programme, sale, untouched):
    with untouched():
        for event in stripe.payment(sale):
            assert programme.stripe(stripe.of_account(event)).good["handled"] is False


def test_with_an_account_given_only_its_events_count(programme, sale, configure, untouched):
    configure(STRIPE_ACCOUNT="acct_ours")
    with untouched():
        for event in stripe.payment(sale):
            assert not programme.stripe(event).good["handled"]
            assert not programme.stripe(stripe.of_account(event, "acct_other")).good["handled"]
    for event in stripe.payment(sale):
        tell(programme, stripe.of_account(event, "acct_ours"))
    assert attribution(programme)["status"] == "rewarded"


MODES = [
    ({"ENVIRONMENT": "prod"}, True, False),
    ({"ENVIRONMENT": "dev"}, True, True),
    ({"ENVIRONMENT": "prod", "STRIPE_MODE": "both"}, True, True),
    ({"STRIPE_MODE": "test"}, False, True),
    ({"STRIPE_MODE": "live"}, True, False),
]


@pytest.mark.parametrize(("chosen", "live", "test"), MODES)
def test_only_payments_of_a_mode_that_counts_grant(programme, sale, configure, chosen, live, test):
    configure(**chosen)
    event = stripe.invoice_paid(sale)
    assert programme.stripe(event).good["handled"] is test
    assert (attribution(programme)["status"] == "rewarded") is test
    assert programme.stripe(stripe.in_live_mode(event)).good["handled"] is live
    del event["livemode"]
    assert programme.stripe(event).good["handled"]


def raised_by_nobody(sale):
    changes = {"billing_reason": None, "lines": {"object": "list", "data": []}}
    if sale.shape == OLD:
        return stripe.invoice_paid(sale, subscription=None, subscription_details=None, **changes)
    return stripe.invoice_paid(sale, parent=None, **changes)


def test_an_invoice_without_reason_or_subscription_is_not_a_subscription_s(programme, sale):
    tell(programme, raised_by_nobody(sale))
    assert attribution(programme)["status"] == "attributed"


@pytest.mark.parametrize("named", ["at the top", "by a line"])
def test_an_invoice_that_names_its_subscription_needs_no_reason(programme, sale, named):
    event = raised_by_nobody(sale)
    whole = stripe.invoice_paid(sale, billing_reason=None)["data"]["object"]
    where = {"at the top": ("subscription", "parent"), "by a line": ("lines",)}[named]
    event["data"]["object"] |= {name: whole[name] for name in where if name in whole}
    tell(programme, event)
    assert attribution(programme)["status"] == "rewarded"


def test_an_invoice_paid_out_of_band_counts_whatever_the_version(programme, sale):
    tell(programme, stripe.invoice_paid_out_of_band(sale))
    assert attribution(programme)["status"] == "rewarded"


def test_a_payment_that_leaves_the_invoice_open_is_none(programme, sale):
    tell(programme, stripe.invoice_still_open(sale, amount=100))
    assert attribution(programme)["status"] == "attributed"
    tell(programme, stripe.later(stripe.invoice_paid(sale), 60))
    assert attribution(programme)["status"] == "rewarded"


def test_a_later_event_corrects_the_amount_whichever_comes_first(programme, sale):
    small, whole = stripe.invoice_paid(sale, amount_paid=2450), stripe.invoice_paid(sale)
    for events in ((small, stripe.later(whole, 60)), (stripe.later(whole, 60), small)):
        tell(programme, *events)
        tell(programme, *stripe.payment(sale)[::2], stripe.charge_refunded(sale, 2450))
        assert balances(programme) == (5_000, 5_000)


def test_an_invoice_with_nothing_paid_and_an_older_shape_counts_by_its_event(programme):
    sale = Sale(customer=programme.referred(USER).customer, shape=OLD)
    event = stripe.invoice_paid(sale)
    for name in ("status", "paid", "amount_paid"):
        del event["data"]["object"][name]
    tell(programme, event)
    assert attribution(programme)["status"] == "rewarded"


def test_a_warning_holds_and_lifts(programme, sale):
    tell(programme, stripe.fraud_warning(sale), *reversed(stripe.payment(sale)))
    held = attribution(programme)
    assert (held["status"], held["review_reason"]) == ("review_required", "early_fraud_warning")
    assert balances(programme) == (0, 0)
    tell(programme, stripe.later(stripe.fraud_warning_updated(sale), 60))
    assert attribution(programme)["status"] == "rewarded"
    assert "risk_flags" not in attribution(programme) or not attribution(programme)["risk_flags"]
    assert balances(programme) == (10_000, 10_000)


def test_a_warning_after_the_grant_is_a_flag_alone(programme, sale):
    tell(programme, *stripe.payment(sale), stripe.fraud_warning(sale))
    assert attribution(programme)["status"] == "rewarded"
    assert attribution(programme)["risk_flags"] == ["early_fraud_warning"]
    assert balances(programme) == (10_000, 10_000)


@pytest.mark.parametrize(("verdict", "end"), [("approve", "rewarded"), ("reject", "rejected")])
def test_a_person_may_decide_what_a_warning_holds(programme, sale, verdict, end):
    tell(programme, stripe.fraud_warning(sale), *reversed(stripe.payment(sale)))
    assert programme.review(verdict, attribution(programme)["id"], body={}).good
    assert attribution(programme)["status"] == end
    tell(programme, stripe.later(stripe.fraud_warning_updated(sale), 60))
    assert attribution(programme)["status"] == end


def test_a_dispute_that_follows_a_warning_decides_by_itself(programme, sale):
    tell(programme, stripe.fraud_warning(sale), *reversed(stripe.payment(sale)))
    tell(programme, stripe.dispute_created(sale))
    assert attribution(programme)["skip_reason"] == "disputed"
    tell(programme, stripe.dispute_closed(sale, "won"))
    assert attribution(programme)["status"] == "rewarded"


def test_a_claim_that_nothing_places_is_shown_to_staff_and_changes_nothing(programme):
    sale = Sale(customer=programme.referred(USER).customer, shape=BASIL)
    other = Sale(customer=sale.customer, shape=BASIL, one_off=True, currency="usd")
    tell(programme, *stripe.payment(sale), stripe.charge_refunded(other, 700))
    tell(programme, stripe.dispute_created(other, amount=200))
    assert history(programme)["unmatched_claims"] == [
        {
            "kind": kind,
            "id": id,
            "amount": amount,
            "currency": "usd",
            "charge_id": other.charge,
            "payment_intent_id": f"pi_{other.number}",
        }
        for kind, id, amount in [
            ("dispute", f"du_{other.number}", 200),
            ("refund", other.charge, 700),
        ]
    ]
    assert balances(programme) == (10_000, 10_000)


def test_a_claim_told_before_its_payment_is_placed_later(programme):
    sale = Sale(customer=programme.referred(USER).customer, shape=BASIL)
    tell(programme, stripe.charge_refunded(sale), stripe.invoice_paid(sale))
    assert [one["id"] for one in history(programme)["unmatched_claims"]] == [sale.charge]
    tell(programme, stripe.invoice_payment_paid(sale))
    assert history(programme)["unmatched_claims"] == []
    assert attribution(programme)["status"] == "rejected"
