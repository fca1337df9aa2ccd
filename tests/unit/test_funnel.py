"""The funnel's counts and rates."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.attribution import Status
from referrals.rules.funnel import Cohort, counts_for, packed, rate, stats, total, unpacked
from tests.samples import NOW, attribution

_COUNTS = st.integers(0, 999)
_COHORTS = st.builds(Cohort, *[_COUNTS] * 6)


def test_the_documented_example():
    waiting = attribution(status=Status.REVIEW_REQUIRED, qualified_at=NOW)
    rewarded = attribution(status=Status.REWARDED, qualified_at=NOW)
    cohort = total(map(counts_for, [waiting, rewarded, rewarded, *[attribution()] * 6]))
    assert stats(42, cohort) == {
        "clicks": 42,
        "attributed_signups": 9,
        "qualified_referrals": 3,
        "review_required": 1,
        "rewarded_referrals": 2,
        "capped_referrals": 0,
        "rejected_referrals": 0,
        "signup_rate": 0.214,
        "qualification_rate": 0.333,
        "reward_rate": 0.222,
    }


def test_rates_of_nothing_are_zero():
    assert stats(0, Cohort())["signup_rate"] == 0
    assert rate(0, 7) == 0
    assert rate(3, 0) == 0


@pytest.mark.parametrize(
    ("status", "field"),
    [
        (Status.REVIEW_REQUIRED, "review_required"),
        (Status.REWARDED, "rewarded"),
        (Status.CAPPED, "capped"),
        (Status.REJECTED, "rejected"),
    ],
)
def test_a_status_counts_under_its_own_name_and_under_no_other(status, field):
    counted = counts_for(attribution(status=status, qualified_at=NOW))
    assert counted == Cohort(attributed=1, qualified=1, **{field: 1})


@pytest.mark.parametrize("status", [Status.ATTRIBUTED, Status.EXPIRED])
def test_what_never_qualified_is_a_signup_and_no_more(status):
    assert counts_for(attribution(status=status)) == Cohort(attributed=1)


def test_what_does_not_exist_counts_for_nothing():
    assert counts_for(None) == Cohort()


@given(_COHORTS)
def test_counts_survive_being_packed(cohort):
    assert unpacked(*packed(cohort)) == cohort


@given(st.lists(_COHORTS, min_size=1, max_size=20))
def test_packed_numbers_add_up_like_the_counts_whatever_the_order(cohorts):
    progress = sum(packed(cohort)[0] for cohort in cohorts)
    exceptions = sum(packed(cohort)[1] for cohort in cohorts)
    assert unpacked(progress, exceptions) == total(cohorts)


@given(_COHORTS, _COHORTS)
def test_a_packed_difference_takes_one_count_to_the_other(before, after):
    progress, exceptions = packed(after - before)
    stored = packed(before)
    assert unpacked(stored[0] + progress, stored[1] + exceptions) == after


def test_a_full_year_stays_within_the_digits_that_dynamodb_keeps():
    full = Cohort(*[999_999_999] * 6)
    assert all(len(str(number)) <= 28 for number in packed(full))
    assert astuple(unpacked(*packed(full))) == (999_999_999,) * 6
