"""A new user, from the click to the credits, on the deployed stack."""

import time
from uuid import uuid4

import pytest

from referrals.store import codes
from tests import stripe_payloads
from tests.e2e.deployed import at_once
from tests.stripe_payloads import SHAPES, Sale

# The local schedule runs every minute, and a grant that failed waits one.
SCHEDULE_WITHIN = 200.0
ZERO = {
    "clicks": 0,
    "attributed_signups": 0,
    "qualified_referrals": 0,
    "review_required": 0,
    "rewarded_referrals": 0,
    "capped_referrals": 0,
    "rejected_referrals": 0,
}


@pytest.fixture(scope="module", autouse=True)
def owed_from_the_start(service):
    """Users who are owed their credits. The schedule finds that out while the tests here run."""
    referrer, user_id = service.owed()
    service.set_balance(user_id, 0)
    return referrer, user_id


def counts(service, campaign):
    return {name: service.stats(campaign=campaign)[name] for name in ZERO}


def test_click_signup_and_paid_invoice_reward_both_and_move_the_figures_by_one(service):
    referrer, code = service.new_referrer()
    campaign, user_id, customer = (f"{kind}{uuid4().hex}" for kind in ("c", "user-", "cus_"))
    expected = ZERO | {}
    assert counts(service, campaign) == expected

    click = service.click(code, utm_campaign=campaign, landing_path="/pricing").good
    expected["clicks"] = 1
    assert counts(service, campaign) == expected

    body = {"click_id": click["click_id"], "stripe_customer_id": customer}
    assert service.signup(user_id, **body).good["status"] == "attributed"
    expected["attributed_signups"] = 1
    assert counts(service, campaign) == expected

    sale = Sale(customer=customer, number=uuid4().hex)
    assert service.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
    expected |= {"qualified_referrals": 1, "rewarded_referrals": 1}
    assert counts(service, campaign) == expected

    referral = service.referral_of(user_id)
    assert referral["attribution"]["status"] == "rewarded"
    assert referral["attribution"]["utm_campaign"] == campaign
    assert [reward["credits"] for reward in referral["rewards"]] == [10_000, 10_000]
    assert service.balance(referrer) == service.balance(user_id) == 10_000


def test_the_same_invoice_twenty_times_at_once_counts_once(service):
    referrer, code = service.new_referrer()
    user_id, sale = service.referred(code)
    answers = at_once(lambda _: service.stripe(stripe_payloads.invoice_paid(sale)), range(20))
    assert [answer.status for answer in answers] == [200] * 20
    assert service.referral_of(user_id)["attribution"]["status"] == "rewarded"
    assert service.ledger(referrer) == service.ledger(user_id) == [10_000]
    assert service.balance(referrer) == service.balance(user_id) == 10_000
    first = service.referral_of(user_id)
    at_once(lambda _: service.stripe(stripe_payloads.invoice_paid(sale)), range(20))
    assert service.referral_of(user_id) == first
    assert service.ledger(referrer) == service.ledger(user_id) == [10_000]


def test_the_same_signup_twenty_times_at_once_is_one_attribution(service):
    _, code = service.new_referrer()
    campaign, user_id = f"c{uuid4().hex}", f"user-{uuid4().hex}"
    click = service.click(code, utm_campaign=campaign).good["click_id"]
    answers = at_once(lambda _: service.signup(user_id, click_id=click), range(20))
    assert {answer.good["id"] for answer in answers} == {answers[0].good["id"]}
    assert counts(service, campaign) == ZERO | {"clicks": 1, "attributed_signups": 1}


def test_the_same_click_twenty_times_at_once_is_one_click(service):
    _, code = service.new_referrer()
    campaign, click_id = f"c{uuid4().hex}", f"visit-{uuid4().hex}"
    answers = at_once(
        lambda _: service.click(code, click_id=click_id, utm_campaign=campaign), range(20)
    )
    assert {answer.good["click_id"] for answer in answers} == {click_id}
    assert counts(service, campaign) == ZERO | {"clicks": 1}


def test_sixty_payments_at_once_reward_exactly_as_many_referrals_as_the_cap_allows(service, cap):
    referrer, code = service.new_referrer()
    referred = at_once(lambda _: service.referred(code), range(3 * cap))
    events = [stripe_payloads.invoice_paid(sale) for _, sale in referred]
    answers = at_once(service.stripe, events)
    # A 5xx would be sent again by Stripe, so it is here.
    failed = [event for event, answer in zip(events, answers, strict=True) if answer.status != 200]
    assert all(service.stripe(event).good["handled"] for event in failed)
    statuses = [service.referral_of(user_id)["attribution"]["status"] for user_id, _ in referred]
    assert (statuses.count("rewarded"), statuses.count("capped")) == (cap, 2 * cap)
    assert service.balance(referrer) == cap * 10_000
    assert service.ledger(referrer) == [10_000] * cap
    assert {service.balance(user_id) for user_id, _ in referred} == {10_000}


def test_every_event_of_both_shapes_passes_through_the_stack(service):
    for shape in SHAPES:
        _, code = service.new_referrer()
        user_id, sale = service.referred(code)
        sale = Sale(customer=sale.customer, number=sale.number, shape=shape)
        link = {"client_reference_id": user_id}
        for event in (
            stripe_payloads.customer_event(sale, metadata={"user_id": user_id}),
            stripe_payloads.customer_event(sale, "customer.updated"),
            stripe_payloads.checkout_completed(sale, **link),
            stripe_payloads.charge_succeeded(sale),
            stripe_payloads.invoice_paid(sale),
            stripe_payloads.invoice_paid(sale, "invoice.payment_succeeded"),
            # In today's shape nothing else names the payment and the invoice both.
            stripe_payloads.invoice_payment_paid(sale),
            stripe_payloads.charge_refunded(sale, 1225),
        ):
            assert service.stripe(event).good["handled"], event["type"]
        assert service.referral_of(user_id)["attribution"]["status"] == "rewarded"
        assert service.balance(user_id) == 7_500
        for event in (
            stripe_payloads.fraud_warning(sale),
            stripe_payloads.dispute_created(sale),
        ):
            assert service.stripe(event).good["handled"], event["type"]
        assert service.referral_of(user_id)["attribution"]["skip_reason"] == "disputed"
        assert service.balance(user_id) == 0
        assert service.stripe(stripe_payloads.dispute_closed(sale, "won")).good["handled"]
        assert service.balance(user_id) == 7_500


def test_a_users_own_view_shows_the_reward(service):
    referrer, code = service.new_referrer()
    _, sale = service.referred(code)
    service.stripe(stripe_payloads.invoice_paid(sale))
    headers = {"authorization": f"Bearer {service.token(referrer)}"}
    me = service.call("GET", "/referrals/me", headers=headers).good
    assert me["code"] == code == codes.of_user(service.table, referrer)
    assert (me["stats"]["attributed"], me["stats"]["rewarded"]) == (1, 1)
    events = service.call("GET", "/referrals/me/events", headers=headers).good["items"]
    assert [event["status"] for event in events] == ["rewarded"]


def test_the_schedule_recovers_a_pending_grant_with_nobody_calling(service, owed_from_the_start):
    referrer, user_id = owed_from_the_start
    deadline = time.monotonic() + SCHEDULE_WITHIN
    while service.balance(user_id) == 0 and time.monotonic() < deadline:
        time.sleep(1)
    assert service.balance(user_id) == service.balance(referrer) == 10_000
    assert service.ledger(user_id) == service.ledger(referrer) == [10_000]
    assert service.referral_of(user_id)["attribution"]["status"] == "rewarded"
    history = service.admin("GET", f"/admin/referrals/{attribution_of(service, user_id)}").good
    assert history["audit"][-1]["by"] == "schedule"


def attribution_of(service, user_id):
    return service.referral_of(user_id)["attribution"]["id"]
