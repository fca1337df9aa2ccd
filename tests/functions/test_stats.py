"""GET /admin/referrals/stats: exact figures for any bounds, visible at once."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import stripe_payloads
from tests.functions.client import invoke
from tests.functions.running import CODE

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
EMPTY = {
    "clicks": 0,
    "attributed_signups": 0,
    "qualified_referrals": 0,
    "review_required": 0,
    "rewarded_referrals": 0,
    "capped_referrals": 0,
    "rejected_referrals": 0,
    "signup_rate": 0.0,
    "qualification_rate": 0.0,
    "reward_rate": 0.0,
}


def figures(programme, **query):
    """What is not zero, rates apart."""
    data = programme.stats(**query).good
    return {name: value for name, value in data.items() if value and not name.endswith("rate")}


def test_nothing_happened_is_ten_zeros(programme):
    assert programme.stats().good == EMPTY


def test_each_step_moves_the_figures_by_exactly_one(programme):
    click = programme.click().good["click_id"]
    assert figures(programme) == {"clicks": 1}
    programme.signup("user-new", click_id=click, stripe_customer_id="cus_1")
    assert figures(programme) == {"clicks": 1, "attributed_signups": 1}
    sale = stripe_payloads.Sale(customer="cus_1")
    programme.pay(sale)
    whole = {"clicks": 1, "attributed_signups": 1, "qualified_referrals": 1}
    assert figures(programme) == whole | {"rewarded_referrals": 1}
    programme.stripe(stripe_payloads.charge_refunded(sale))
    assert figures(programme) == whole | {"rejected_referrals": 1}


def test_a_referral_in_review_counts_as_qualified_and_as_waiting(programme):
    held = programme.in_review("user-new")["attribution"]["id"]
    qualified = {"attributed_signups": 1, "qualified_referrals": 1}
    assert figures(programme) == qualified | {"review_required": 1}
    programme.review("reject", held)
    assert figures(programme) == qualified | {"rejected_referrals": 1}


def test_one_over_the_cap_counts_as_capped(programme, configure):
    configure(MONTHLY_REFERRER_REWARD_CAP=1)
    programme.rewarded("user-1")
    programme.rewarded("user-2")
    assert figures(programme) == {
        "attributed_signups": 2,
        "qualified_referrals": 2,
        "rewarded_referrals": 1,
        "capped_referrals": 1,
    }


def test_the_start_is_inclusive_and_the_end_is_not(programme, time_is):
    time_is(NOW)
    programme.signup("user-new", click_id=programme.click().good["click_id"])
    both = {"clicks": 1, "attributed_signups": 1}
    at, later = "2026-11-20T12:30:00Z", "2026-11-20T12:30:00.001Z"
    assert figures(programme, start=at, end=later) == both
    assert figures(programme, start="2026-11-20T12:00:00Z", end=at) == {}
    assert figures(programme, start=later) == {}
    assert figures(programme, start=at, end=at) == {}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-20T12:30:00+00:00", "2026-11-20T12:30:01+00:00"),
        ("2026-11-20T14:30:00+02:00", "2026-11-20T14:30:01+02:00"),
        ("2026-11-20T07:00:00-05:30", "2026-11-20T07:00:01-05:30"),
        ("2026-11-20t12:30:00z", "2026-11-20t12:30:01z"),
        ("2026-11-20T12:29:59.999999Z", "2026-11-20T12:30:00.000001Z"),
        ("2025-11-20T12:30:00Z", "2026-11-20T12:30:01Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("0300-01-01T00:00:00Z", "9999-12-31T23:59:59.9Z"),
    ],
)
def test_bounds_of_any_offset_and_grain_are_the_same_time(programme, time_is, start, end):
    time_is(NOW)
    programme.signup("user-new", click_id=programme.click().good["click_id"])
    assert figures(programme, start=start, end=end) == {"clicks": 1, "attributed_signups": 1}


def test_bounds_past_all_days_count_nothing(programme):
    programme.click()
    far = {"start": "9999-12-31T23:30:00Z", "end": "9999-12-31T23:59:59.999999Z"}
    assert programme.stats(**far).good == EMPTY


def test_a_campaign_is_counted_alone(programme):
    for campaign in ("spring", "spring", "autumn", None, "a,b"):
        programme.click(**({"utm_campaign": campaign} if campaign else {}))
    assert figures(programme) == {"clicks": 5}
    assert figures(programme, campaign="spring") == {"clicks": 2}
    assert figures(programme, campaign="a,b") == {"clicks": 1}
    assert figures(programme, campaign="Spring") == {}
    assert figures(programme, campaign="  spring ") == {"clicks": 2}


def test_an_empty_campaign_is_no_filter(programme):
    programme.click(utm_campaign="spring")
    assert figures(programme, campaign="") == {"clicks": 1}


def test_attributions_count_by_the_time_of_signup(programme, time_is):
    time_is(NOW)
    sale = programme.referred("user-new")
    time_is(NOW + timedelta(days=5))
    programme.stripe(stripe_payloads.invoice_paid(sale))
    cohort = {"attributed_signups": 1, "qualified_referrals": 1, "rewarded_referrals": 1}
    assert figures(programme, end="2026-11-21T00:00:00Z") == cohort
    assert figures(programme, start="2026-11-21T00:00:00Z") == {}


def test_counting_minutes_does_not_change_what_stats_say(programme, time_is):
    for hours in range(4):
        time_is(NOW + timedelta(hours=hours))
        programme.click(utm_campaign="spring" if hours % 2 else "autumn")
    queries = (
        {},
        {"campaign": "spring"},
        {"start": "2026-11-20T13:00:00Z", "end": "2026-11-20T15:00:00Z"},
        {"start": "2026-11-20T12:45:00Z", "end": "2026-11-20T14:31:00Z"},
    )
    before = [figures(programme, **query) for query in queries]
    time_is(NOW + timedelta(hours=3, minutes=1))
    assert invoke("roll_up_clicks", {})["minutes"] > 0
    assert [figures(programme, **query) for query in queries] == before


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-11-20",
        "2026-11-20T12:30:00",
        "2026-11-20T12:30:00 02:00",
        "2026-11-20T12:30Z",
        "2026-11-20T12:30:00+0200",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-20T24:30:00Z",
        "2026-11-20T12:30:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1795176000",
        "\u0662\u0660\u0662\u0666-11-20T12:30:00Z",
        "2026-11-20T12:30:00Z\n",
    ],
)
def test_a_time_that_is_no_rfc_3339_with_an_offset_is_named(programme, untouched, name, value):
    bounds = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"} | {name: value}
    with untouched():
        answer = programme.admin("referral_stats", "GET", "/admin/referrals/stats", query=bounds)
    assert answer.status == 400
    assert answer.fields == [name]


@pytest.mark.parametrize(
    ("bounds", "clicks"),
    [
        ({}, 3),
        ({"from": "2026-11-20T12:30:00Z"}, 2),
        ({"from": "2026-11-20T12:30:00.001Z"}, 1),
        ({"from": "2030-01-01T00:00:00Z"}, 0),
        ({"to": "2026-11-20T12:30:00Z"}, 1),
        ({"to": "2026-11-20T12:30:00.001Z"}, 2),
        ({"to": "1999-01-01T00:00:00Z"}, 0),
    ],
)
def test_a_missing_bound_is_the_beginning_or_now(programme, time_is, bounds, clicks):
    for days in (-2, 0, 1):
        time_is(NOW + timedelta(days=days))
        programme.click()
    answer = programme.admin("referral_stats", "GET", "/admin/referrals/stats", query=bounds)
    assert answer.good == EMPTY | {"clicks": clicks}


def test_without_bounds_the_event_of_this_very_moment_counts(programme, time_is):
    time_is(NOW)
    programme.signup("user-new", click_id=programme.click().good["click_id"])
    answer = programme.admin("referral_stats", "GET", "/admin/referrals/stats")
    assert (answer.good["clicks"], answer.good["attributed_signups"]) == (1, 1)


def test_bounds_the_wrong_way_round_are_a_400(programme):
    answer = programme.stats(start="2026-11-02T00:00:00Z", end="2026-11-01T23:59:59.999Z")
    assert answer.status == 400
    assert answer.fields == ["from"]


def test_a_click_that_comes_again_is_counted_once(programme):
    for _ in range(3):
        programme.click(click_id="the-same-id", code=CODE)
    assert figures(programme) == {"clicks": 1}
