"""Every limit of every plan, met by requests at the same moment: what is admitted is counted."""

import pytest

from referrals.rules.credits import Source
from referrals.rules.plans import PLANS, Overage
from tests.accounts.meter import (
    MIDDAY,
    NEXT_DAY,
    NEXT_MINUTE,
    NEXT_MONTH,
    NOW,
    charge,
    put,
    refusal,
    rush,
    stored,
    used,
)

pytestmark = pytest.mark.usefixtures("threads_are_processes")


def named(plan):
    return plan.name


every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=named)
capped_plans = pytest.mark.parametrize(
    "plan", [plan for plan in PLANS.values() if plan.daily_cap], ids=named
)
# Where the account stands one request below each limit, and what the refused are told.
ALMOST = {
    "minute": (lambda plan: {"minute_used": plan.per_minute - 1}, "a minute"),
    "day": (lambda plan: {"day_used": plan.daily_cap - 1}, "daily cap"),
    "month": (lambda plan: {"included_used": plan.included - 1}, "monthly credits"),
}


@every_plan
def test_a_minute_admits_what_the_plan_says_and_the_next_minute_as_much_again(table, plan):
    put(table, plan.name, minute_used=plan.per_minute - 4)
    admitted, refused = rush(table, 9)
    assert len(admitted) == 4
    assert {(one.message, one.retry_after) for one in refused} == {
        (f"rate limit of {plan.per_minute} a minute exceeded", 20)
    }
    assert used(table) == {"minute_used": plan.per_minute, "day_used": 4, "included_used": 4}
    admitted, refused = rush(table, 5, NEXT_MINUTE)
    assert (len(admitted), len(refused)) == (5, 0)
    assert used(table) == {"minute_used": 5, "day_used": 9, "included_used": 9}


@capped_plans
def test_a_day_admits_what_the_plan_says_and_the_next_day_as_much_again(table, plan):
    put(table, plan.name, day_used=plan.daily_cap - 3)
    admitted, refused = rush(table, 5)
    assert len(admitted) == 3
    assert {(one.message, one.retry_after) for one in refused} == {
        (f"daily cap of {plan.daily_cap} exceeded", 11 * 3600 + 29 * 60 + 20)
    }
    assert stored(table)["day_used"] == plan.daily_cap
    admitted, refused = rush(table, 5, NEXT_DAY)
    assert (len(admitted), len(refused)) == (5, 0)
    assert used(table) == {"minute_used": 5, "day_used": 5, "included_used": 8}


@pytest.mark.parametrize("plan", [plan for plan in PLANS.values() if not plan.daily_cap], ids=named)
def test_a_plan_without_a_daily_cap_has_none(table, plan):
    put(table, plan.name, day_used=1_000_000)
    admitted, _ = rush(table, 5)
    assert len(admitted) == 5
    assert stored(table)["day_used"] == 1_000_005


@every_plan
@pytest.mark.parametrize("enabled", [True, False])
def test_included_credits_go_first_then_granted_ones_then_overage(table, plan, enabled):
    switched = {"overage": True} if enabled else {}
    put(table, plan.name, included_used=plan.included - 2, balance=1, **switched)
    admitted, refused = rush(table, 5)
    beyond = {
        Overage.ALWAYS: 2,
        Overage.WHEN_ENABLED: 2 if enabled else 0,
        Overage.NONE: 0,
    }[plan.overage]
    assert sorted(one.source for one in admitted) == sorted(
        [Source.INCLUDED] * 2 + [Source.GRANTED] + [Source.OVERAGE] * beyond
    )
    assert {one.message for one in refused} == (
        set() if beyond else {"monthly credits are used up and overage is off"}
    )
    counted = {
        "minute_used": 3 + beyond,
        "day_used": 3 + beyond,
        "included_used": plan.included,
        "granted_used": 1,
        "spent": 1,
        **({"overage_used": beyond} if beyond else {}),
        **({"overage": 1} if enabled else {}),
    }
    assert used(table) == counted


@every_plan
def test_a_new_month_brings_the_included_credits_back_and_keeps_the_granted_ones(table, plan):
    put(table, plan.name, NOW, included_used=plan.included, balance=7, spent=2, granted_used=2)
    assert charge(table, NOW).source is Source.GRANTED
    admitted, refused = rush(table, 5, NEXT_MONTH)
    assert (len(admitted), len(refused)) == (5, 0)
    assert {one.source for one in admitted} == {Source.INCLUDED}
    assert used(table) == {
        "minute_used": 5,
        "day_used": 5,
        "included_used": 5,
        "balance": 6,
        "spent": 3,
    }


def test_a_month_without_credits_ends_with_the_month(table):
    put(table, "free", NOW, included_used=2_000)
    assert refusal(table, NOW).retry_after == 40
    assert charge(table, NEXT_MONTH).account.remaining == 1_999


@pytest.mark.parametrize("limit", ALMOST)
@pytest.mark.parametrize("plan", ["free", "starter", "growth"])
def test_of_requests_at_one_below_a_limit_exactly_one_is_admitted(table, plan, limit):
    stands, told = ALMOST[limit]
    put(table, plan, **stands(PLANS[plan]))
    admitted, refused = rush(table, 5)
    assert len(admitted) == 1
    assert all(told in one.message for one in refused)


@pytest.mark.parametrize("plan", ["pro", "business", "enterprise"])
def test_of_requests_at_one_below_the_minutes_limit_exactly_one_is_admitted(table, plan):
    put(table, plan, minute_used=PLANS[plan].per_minute - 1)
    assert len(rush(table, 8)[0]) == 1


def test_the_first_requests_of_an_account_are_all_counted(table):
    admitted, _ = rush(table, 5)
    assert len(admitted) == 5
    assert used(table) == {"minute_used": 5, "day_used": 5, "included_used": 5}


@pytest.mark.parametrize(
    ("before", "after"),
    [(MIDDAY, NEXT_MINUTE), (MIDDAY, NEXT_DAY), (NOW, NEXT_MONTH)],
    ids=["minute", "day", "month"],
)
def test_requests_of_clocks_on_both_sides_of_a_windows_end_are_each_counted_once(
    table, before, after
):
    """One clock in the old window, one in the new: what the old one sends joins either."""
    put(table, "starter", before, minute_used=10, day_used=10, included_used=10, balance=1)
    admitted, refused = rush(table, 8, before, after)
    assert refused == []
    item = stored(table)
    old = sum(one.account.minute < item["minute"] for one in admitted)
    assert item["minute_used"] == 8 - old
    months_old = sum(one.account.month < item["month"] for one in admitted)
    assert item["included_used"] == (18 if before.month == after.month else 8 - months_old)
    assert (item["balance"], item.get("overage_used", 0)) == (1, 0)


@pytest.mark.parametrize(
    ("before", "after", "window"),
    [
        (MIDDAY, NEXT_MINUTE, "minute"),
        (MIDDAY, NEXT_DAY, "day"),
        (NOW, NEXT_MONTH, "month"),
    ],
)
def test_a_clock_that_is_behind_opens_no_old_window(table, before, after, window):
    put(table, "free", after, minute_used=3, day_used=8, included_used=9)
    charge(table, before)
    item = stored(table)
    assert item[window] == put(table, "free", after)[window]
    assert (item["minute_used"], item["day_used"], item["included_used"]) == (4, 9, 10)


def test_a_clock_that_is_behind_is_refused_by_the_window_that_is_open(table):
    put(table, "free", NEXT_MINUTE, minute_used=5)
    assert "a minute" in refusal(table, MIDDAY).message
