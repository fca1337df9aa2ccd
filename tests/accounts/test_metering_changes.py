"""Plans, overage and grants change in one process; every other has the account in its cache."""

import pytest

from referrals.rules.credits import Source
from referrals.rules.errors import LimitExceeded
from referrals.rules.plans import PLANS
from referrals.store import metering
from tests.accounts.meter import USER, Processes, charge, put, refusal, stored


@pytest.fixture
def process(monkeypatch):
    return Processes(monkeypatch)


def set_plan(table, plan, *, overage=False):
    metering.set_plan(table, USER, plan, overage=overage)


def test_an_upgrade_counts_from_the_next_request_on(table, process):
    put(table, "free", minute_used=4)
    with process("one"):
        charge(table)
        refusal(table)
    with process("another"):
        set_plan(table, "starter")
    with process("one"):
        assert charge(table).account.plan.name == "starter"


@pytest.mark.parametrize("plan", [name for name in PLANS if name != "enterprise"])
def test_a_downgrade_counts_from_the_next_request_on(table, process, plan):
    put(table, "enterprise", minute_used=400)
    with process("one"):
        charge(table)
    with process("another"):
        set_plan(table, plan)
    with process("one"):
        assert f"{PLANS[plan].per_minute} a minute" in refusal(table).message


def test_an_upgrade_brings_the_larger_plans_included_credits(table, process):
    put(table, "free", included_used=2_000, balance=5)
    with process("one"):
        assert charge(table).source is Source.GRANTED
    with process("another"):
        set_plan(table, "starter")
    with process("one"):
        charged = charge(table)
    assert (charged.source, charged.account.balance) == (Source.INCLUDED, 4)


def test_overage_counts_from_the_next_request_on(table, process):
    put(table, "growth", included_used=100_000)
    with process("one"):
        refusal(table)
    with process("another"):
        set_plan(table, "growth", overage=True)
    with process("one"):
        assert charge(table).source is Source.OVERAGE
    with process("another"):
        set_plan(table, "growth", overage=False)
    with process("one"):
        assert "overage is off" in refusal(table).message


def test_granted_credits_are_used_before_overage_as_soon_as_they_are_there(table, process):
    put(table, "pro", included_used=400_000)
    with process("one"):
        assert charge(table).source is Source.OVERAGE
    stands = stored(table)
    table.write(table.put("granted", {**stands, "balance": 10}))
    with process("one"):
        assert charge(table).source is Source.GRANTED


def test_an_included_credit_that_was_given_back_is_used_before_granted_ones(table, process):
    put(table, "pro", included_used=399_999, balance=5)
    with process("another"):
        last = charge(table)
    with process("one"):
        assert charge(table).source is Source.GRANTED
    with process("another"):
        metering.give_back(table, last)
    with process("one"):
        assert charge(table).source is Source.INCLUDED


def test_granted_credits_that_are_gone_are_not_used_again(table, process):
    put(table, "pro", included_used=400_000, balance=2, spent=0)
    with process("one"):
        charge(table)
    with process("another"):
        charge(table)
    with process("one"):
        assert charge(table).source is Source.OVERAGE
    assert stored(table)["balance"] == 0


def test_a_window_that_another_process_opened_goes_on(table, process):
    with process("one"):
        charge(table)
    with process("another"):
        for _ in range(4):
            charge(table)
    with process("one"):
        assert "5 a minute" in refusal(table).message


def test_a_plan_that_is_no_more_counts_as_the_default_one(table):
    put(table, "legacy", minute_used=4)
    charge(table)
    assert "5 a minute" in refusal(table).message


def test_requests_over_the_limit_are_refused_though_the_cache_says_otherwise(table, process):
    put(table, "free", minute_used=3)
    with process("one"):
        charge(table)
    with process("another"):
        charge(table)
    with process("one"), pytest.raises(LimitExceeded):
        charge(table)
