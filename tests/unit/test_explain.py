"""What a user is told of a referral."""

from datetime import timedelta

import pytest

from referrals.rules.attribution import Role, Status
from referrals.rules.explain import SENTENCES, Reason, pays_at, reason
from tests.samples import NOW, attribution, reward


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("status", Status)
def test_every_status_is_explained_to_both_sides(status, role):
    assert SENTENCES[reason(attribution(status=status), role)]


def test_what_raised_suspicion_is_for_support_staff_alone():
    waiting = attribution(
        status=Status.REVIEW_REQUIRED, risk_flags=("same_card",), review_reason="same_card"
    )
    rejected = attribution(status=Status.REJECTED, review_reason="a thief")
    for one in (waiting, rejected):
        for role in Role:
            assert reason(one, role) in (Reason.IN_REVIEW, Reason.NOT_ELIGIBLE)


def test_over_the_cap_the_two_sides_are_told_different_things():
    capped = attribution(status=Status.CAPPED, rewards=(reward(credits_granted_at=NOW),))
    assert reason(capped, Role.REFERRER) is Reason.MONTHLY_LIMIT
    assert reason(capped, Role.REFERRED) is Reason.GRANTED


def test_a_held_reward_pays_at_the_end_of_the_hold_and_a_granted_one_never_again():
    ends = NOW + timedelta(days=7)
    held = attribution(status=Status.QUALIFIED, held_until=ends, rewards=(reward(),))
    assert reason(held, Role.REFERRED) is Reason.HELD
    assert pays_at(held, Role.REFERRED) == ends
    assert pays_at(held, Role.REFERRER) is None
    granted = attribution(status=Status.REWARDED, rewards=(reward(credits_granted_at=NOW),))
    assert pays_at(granted, Role.REFERRED) is None


@pytest.mark.parametrize("why", ["refunded", "disputed"])
def test_a_claim_is_named_as_the_reason(why):
    rejected = attribution(status=Status.REJECTED, skip_reason=why)
    assert reason(rejected, Role.REFERRER) == why
