"""GET /admin/referrals/{id}: why a referral is where it is, answered from this one page."""

import pytest

from referrals.store import codes
from tests import stripe_payloads
from tests.functions.running import REFERRER
from tests.tables import everything


def finding(told, rule):
    (found,) = (one for one in told["findings"] if one["rule"] == rule)
    return found


def test_it_begins_with_the_click(programme):
    click = programme.click(click_id="visit-1", utm_campaign="spring").good["click_id"]
    programme.signup("user-new", click_id=click)
    told = programme.story_of("user-new")
    assert told["click"]["click_id"] == click
    assert told["click"]["clicked_at"] <= told["attribution"]["created_at"]


def test_a_signup_by_code_alone_has_no_click(programme):
    programme.signup("user-new")
    assert "click" not in programme.story_of("user-new")


def test_every_fact_of_stripes_is_told_in_the_order_of_its_time(programme):
    sale = programme.referred("user-new")
    programme.pay(sale)
    programme.stripe(stripe_payloads.charge_refunded(sale, 1000))
    programme.stripe(stripe_payloads.dispute_created(sale))
    programme.stripe(stripe_payloads.dispute_closed(sale, "won"))
    programme.stripe(stripe_payloads.fraud_warning(sale))
    told = programme.story_of("user-new")["facts"]
    by_kind = {one["kind"]: one for one in told}
    assert by_kind.keys() >= {"invoice", "charge", "dispute", "warning"}
    assert {one["customer_id"] for one in told} == {sale.customer}
    assert by_kind["invoice"]["amount"] == sale.amount
    assert by_kind["charge"]["refunded"] == 1000
    assert by_kind["dispute"]["state"] == "won"
    assert by_kind["warning"]["state"] == "actionable"
    times = [one["at"] for one in told if "at" in one]
    assert times == sorted(times)


def test_a_rule_that_held_it_tells_so_and_what_it_sees(programme):
    programme.in_review("user-held")
    told = programme.story_of("user-held")
    assert finding(told, "disposable_email") == {
        "rule": "disposable_email",
        "enabled": True,
        "flagged": True,
        "holds": True,
    }
    assert not finding(told, "same_card")["holds"]


def test_what_both_sides_share_is_counted_and_not_shown(programme):
    codes.create(programme.table, "user-other", "B1B2C3D4E5F6")
    referrer = programme.signup(REFERRER, code="B1B2C3D4E5F6", email="a@example.com")
    assert referrer.good
    programme.rewarded("user-new", email="a+tag@example.com")
    told = programme.story_of("user-new")
    assert finding(told, "same_email") == {
        "rule": "same_email",
        "enabled": True,
        "flagged": True,
        "holds": True,
        "referrer": 1,
        "referred": 1,
        "shared": 1,
    }


def test_a_rule_that_is_off_is_told_to_be_off(programme, configure):
    configure(RISK_RULES="same_ip")
    programme.in_review("user-new")
    told = finding(programme.story_of("user-new"), "disposable_email")
    assert (told["enabled"], told["flagged"], told["holds"]) == (False, False, True)


def test_signups_of_a_day_are_told_beside_their_limit(programme):
    for user in ("user-one", "user-two"):
        programme.signup(user)
    told = finding(programme.story_of("user-two"), "signup_velocity")
    assert (told["signups"], told["limit"], told["holds"]) == (2, 100, False)


def test_a_reward_that_could_not_be_granted_tells_its_tries_and_the_next(programme):
    programme.owed("user-owed")
    programme.recover()
    by_role = {one["role"]: one for one in programme.story_of("user-owed")["rewards"]}
    owed, paid = by_role["referred"], by_role["referrer"]
    assert owed["attempts"] == 2
    assert owed["next_attempt_at"]
    assert owed["credits_grant_error"]
    assert paid["credits_granted_at"]
    assert paid["attempts"] == 0


def test_a_hold_is_told_with_its_end(programme, configure):
    configure(REWARD_HOLD_DAYS=7)
    programme.rewarded("user-new")
    told = programme.story_of("user-new")
    assert told["held_until"] > told["attribution"]["qualified_at"]


def test_the_ledger_explains_every_credit_of_its_rewards(programme):
    sale = programme.referred("user-new")
    programme.pay(sale)
    programme.stripe(stripe_payloads.charge_refunded(sale))
    told = programme.story_of("user-new")
    assert told["claimed_amount"] == told["paid_amount"] == sale.amount
    booked = [(one["user_id"], one["kind"], one["credits"]) for one in told["ledger"]]
    assert sorted(booked) == [
        ("user-new", "grant", 10_000),
        ("user-new", "reversal", -10_000),
        (REFERRER, "grant", 10_000),
        (REFERRER, "reversal", -10_000),
    ]
    assert [one["reversed_credits"] for one in told["rewards"]] == [10_000, 10_000]


@pytest.mark.parametrize("times", [1, 2])
def test_no_booking_of_a_reward_is_left_out(programme, times):
    """Disputed and won, again and again: each has its own entry."""
    sale = programme.referred("user-new")
    programme.pay(sale)
    for number in range(times):
        later = 60 * number
        opened = stripe_payloads.dispute_created(sale, id=f"dp_{number}")
        programme.stripe(stripe_payloads.later(opened, later))
        closed = stripe_payloads.dispute_closed(sale, "won", id=f"dp_{number}")
        programme.stripe(stripe_payloads.later(closed, later + 30))
    told = programme.story_of("user-new")["ledger"]
    stored = [one for one in everything(programme.table) if one["sk"].startswith("LEDGER#")]
    assert len(told) == len(stored) == 2 + 4 * times


def test_it_shows_no_hash_of_a_card_an_address_or_an_agent(programme):
    sale = programme.referred("user-new", email="sam@example.com")
    programme.pay(sale)
    told = str(programme.story_of("user-new"))
    hashes = {
        value
        for item in everything(programme.table)
        for name, value in item.items()
        if name in ("card", "ip_hash", "email_hash", "user_agent_hash")
    }
    assert hashes
    assert not any(one in told for one in hashes)
