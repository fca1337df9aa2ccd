"""Stripe gone wild: one invoice, told a thousand times at once under a thousand event ids."""

from collections import Counter
from uuid import uuid4

from local.gateway import AT_ONCE
from referrals.rules.programme import Programme
from tests import stripe_payloads
from tests.e2e.deployed import at_once
from tests.invariants import violations
from tests.stripe_payloads import Sale

DELIVERIES = 1000
TYPES = ("invoice.paid", "invoice.payment_succeeded")
REWARD = Programme().referred_credits


def test_a_thousand_deliveries_of_one_invoice_at_once_are_two_grants(service, cap):
    programme = Programme(monthly_cap=cap)
    wrong_before = set(violations(service.table, programme))
    campaign = f"c{uuid4().hex}"
    referrer, code = service.new_referrer()
    click_id = service.click(code, utm_campaign=campaign).good["click_id"]
    user_id, sale = service.referred(code, click_id=click_id)
    events = [
        stripe_payloads.invoice_paid(sale, TYPES[number % len(TYPES)])
        for number in range(DELIVERIES)
    ]
    assert len({event["id"] for event in events}) == DELIVERIES

    wake_processes(service)
    answers = at_once(service.stripe, events)
    refused = [one for one, answer in zip(events, answers, strict=True) if answer.status != 200]
    # What the front door cannot take it must refuse so that Stripe sends it again.
    assert {answer.status for answer in answers} <= {200, *range(500, 600)}, statuses(answers)
    assert len(refused) < DELIVERIES

    stored = paid_once(service, referrer, user_id, campaign)
    again = [service.stripe(event) for event in [*refused, *events[: len(TYPES)]]]
    assert {answer.status for answer in again} == {200}
    assert paid_once(service, referrer, user_id, campaign) == stored
    assert set(violations(service.table, programme)) <= wrong_before


def wake_processes(service):
    """Or the first process to start would be done before the others are there to race it."""
    strangers = [Sale(customer=f"cus_{uuid4().hex}") for _ in range(4 * AT_ONCE)]
    at_once(service.stripe, [stripe_payloads.customer_event(sale) for sale in strangers])


def statuses(answers):
    return Counter(answer.status for answer in answers)


def paid_once(service, referrer, user_id, campaign):
    """The referral and its trail: both sides were paid, once, and nothing else was done."""
    referral = service.referral_of(user_id)
    rewards = {reward["user_id"]: reward for reward in referral["rewards"]}
    assert referral["attribution"]["status"] == "rewarded"
    assert rewards.keys() == {referrer, user_id}
    for owner, reward in rewards.items():
        assert "credits_granted_at" in reward
        assert service.ledger(owner) == [REWARD]
        assert service.balance(owner) == REWARD
    identity = referral["attribution"]["id"]
    whole = service.admin("GET", f"/admin/referrals/{identity}").good
    trail = [entry["to_status"] for entry in whole["audit"]]
    assert trail == ["attributed", "qualified", "rewarded"]
    counted = service.stats(campaign=campaign)
    assert (counted["qualified_referrals"], counted["rewarded_referrals"]) == (1, 1)
    return whole
