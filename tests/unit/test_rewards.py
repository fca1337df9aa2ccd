"""Grants and reversals: nothing is taken twice, nothing is left over-credited."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.attribution import Role, Status
from referrals.rules.programme import Programme
from referrals.rules.rewards import (
    ATTEMPTS_UNTIL_FAILED,
    claim_target,
    due_rewards,
    fail_grant,
    grant,
    owed_rewards,
    reverse,
)
from tests.samples import NOW, PAID, actor, attribution, reward

_LATER = NOW + timedelta(days=1)


def _qualified(**changes):
    both = (reward(Role.REFERRER), reward(Role.REFERRED))
    return attribution(
        **{"status": Status.QUALIFIED, "rewards": both, "paid_amount": PAID} | changes
    )


def _rewarded(**changes):
    one = _qualified(**changes)
    return grant(one, one.rewards, actor()).after


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_is_rounded_so_that_no_refunded_fraction_stays_credited(credits, claimed, paid):
    claimed = min(claimed, paid)
    target = claim_target(credits, claimed, paid)
    assert credits * claimed <= target * paid < credits * claimed + paid
    assert 0 <= target <= credits


@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**6), min_size=2), st.integers(1, 10**6))
def test_a_larger_claim_never_takes_less(credits, claims, paid):
    targets = [claim_target(credits, claimed, paid) for claimed in sorted(claims)]
    assert targets == sorted(targets)


def test_a_claim_of_all_takes_all_and_a_claim_of_nothing_nothing():
    assert claim_target(10_000, PAID, PAID) == 10_000
    assert claim_target(10_000, PAID + 1, PAID) == 10_000
    assert claim_target(10_000, 0, PAID) == 0
    assert claim_target(10_000, 1, PAID) == 4


def test_both_sides_are_owed_and_over_the_cap_the_referred_alone():
    programme = Programme(referrer_credits=7, referred_credits=5)
    both = owed_rewards(attribution(), programme, NOW, capped=False)
    assert {(one.role, one.user_id, one.credits) for one in both} == {
        (Role.REFERRER, "ref", 7),
        (Role.REFERRED, "new", 5),
    }
    (only,) = owed_rewards(attribution(), programme, NOW, capped=True)
    assert only.role is Role.REFERRED


def test_nothing_is_due_before_the_hold_ends_not_even_for_a_person():
    held = _qualified(held_until=_LATER)
    before = _LATER - timedelta(seconds=1)
    assert due_rewards(held, before) == due_rewards(held, before, ignore_backoff=True) == ()


def test_a_backoff_can_be_ignored():
    waiting = _qualified(rewards=(reward(next_attempt_at=_LATER),))
    assert due_rewards(waiting, NOW) == ()
    assert due_rewards(waiting, NOW, ignore_backoff=True) == waiting.rewards
    assert due_rewards(waiting, _LATER) == waiting.rewards


@pytest.mark.parametrize("status", [Status.REJECTED, Status.REVIEW_REQUIRED])
def test_nothing_is_owed_while_held_back_or_rejected(status):
    assert due_rewards(_qualified(status=status), _LATER, ignore_backoff=True) == ()


def test_an_attribution_is_rewarded_once_both_sides_are():
    start = _qualified()
    first = grant(start, start.rewards[:1], actor()).after
    assert (first.status, first.rewarded_at) == (Status.QUALIFIED, None)
    second = grant(first, first.pending_rewards, actor(_LATER))
    assert (second.after.status, second.after.rewarded_at) == (Status.REWARDED, _LATER)
    assert [entry.to_status for entry in second.audit] == [Status.REWARDED]


def test_a_capped_attribution_stays_capped_when_its_one_reward_is_granted():
    capped = _qualified(status=Status.CAPPED, skip_reason="capped", rewards=(reward(),))
    after = grant(capped, capped.rewards, actor()).after
    assert (after.status, after.rewarded_at) == (Status.CAPPED, NOW)


@given(st.integers(0, 40))
def test_a_failed_grant_waits_twice_as_long_each_time_up_to_six_hours(attempts):
    failing = _qualified(rewards=(reward(attempts=attempts),))
    change = fail_grant(failing, failing.rewards[0], "no account", actor())
    (failed,) = change.after.rewards
    minutes = min(2**attempts, 360)
    assert failed.next_attempt_at == NOW + timedelta(minutes=minutes)
    assert (failed.attempts, failed.credits_grant_error) == (attempts + 1, "no account")
    assert (change.after.status is Status.FAILED) is (attempts + 1 >= ATTEMPTS_UNTIL_FAILED)


def test_a_grant_that_failed_for_good_is_still_recoverable():
    failing = _qualified(rewards=(reward(attempts=7),))
    failed = fail_grant(failing, failing.rewards[0], "no account", actor()).after
    assert (failed.status, failed.error) == (Status.FAILED, "no account")
    healed = grant(failed, failed.pending_rewards, actor(_LATER)).after
    assert (healed.status, healed.error) == (Status.REWARDED, None)
    assert healed.rewards[0].credits_grant_error is None


def test_a_reversal_takes_what_is_left_and_records_the_rest():
    claimed = replace(_rewarded(), claimed_amount=PAID)
    change = reverse(claimed, {"ref": 10_000, "new": 400}, actor())
    booked = {entry.user_id: (entry.credits, entry.shortfall) for entry in change.ledger}
    assert booked == {"ref": (-10_000, 0), "new": (-400, 9_600)}
    assert all(entry.key.startswith("reversal:reward_") for entry in change.ledger)
    assert reverse(change.after, {"ref": 0, "new": 9_600}, actor()) is None


def test_a_withdrawn_claim_forgives_the_shortfall_before_it_pays_back():
    claimed = replace(_rewarded(), claimed_amount=PAID)
    taken = reverse(claimed, {"ref": 10_000, "new": 400}, actor()).after
    back = reverse(replace(taken, claimed_amount=0), {}, actor())
    booked = {entry.user_id: (entry.credits, entry.shortfall) for entry in back.ledger}
    assert booked == {"ref": (10_000, 0), "new": (400, -9_600)}


def test_what_was_refunded_before_the_grant_is_taken_from_the_grant():
    partly = _qualified(claimed_amount=PAID // 2)
    change = grant(partly, partly.rewards, actor())
    net = {}
    for entry in change.ledger:
        net[entry.user_id] = net.get(entry.user_id, 0) + entry.credits
    assert net == {"ref": 5_000, "new": 5_000}


_CLAIMS = st.lists(st.tuples(st.integers(0, PAID), st.integers(0, 12_000)), max_size=8)


@given(_CLAIMS)
def test_claims_that_come_and_go_leave_the_books_consistent(claims):
    one = _rewarded()
    entries = {entry.key: entry for entry in grant(_qualified(), one.rewards, actor()).ledger}
    for claimed, left in claims:
        one = replace(one, claimed_amount=claimed)
        change = reverse(one, {"ref": left, "new": left}, actor())
        if change is None:
            continue
        one = change.after
        assert not entries.keys() & {entry.key for entry in change.ledger}
        entries |= {entry.key: entry for entry in change.ledger}
        assert all(entry.credits >= -left for entry in change.ledger)
    for side in one.rewards:
        own = [entry for entry in entries.values() if entry.user_id == side.user_id]
        assert sum(entry.credits for entry in own) == side.credits - side.reversed_credits
        assert sum(entry.shortfall for entry in own) == side.shortfall
        assert 0 <= side.reversed_credits <= side.credits
        assert side.shortfall >= 0
        target = claim_target(side.credits, one.claimed_amount, PAID)
        assert side.reversed_credits + side.shortfall == target
