"""Grants that fail: what is owed stays owed, and one side never waits for the other."""

from datetime import timedelta

import pytest

from referrals.dynamodb.parts import Unwritable
from referrals.rules.attribution import Role
from referrals.rules.programme import Programme
from tests.samples import NOW, PAID, charge, dispute
from tests.store.scene import Scene


def poison(scene, user_id, balance="a word"):
    """An account that DynamoDB will never add to."""
    stored = {"S": balance} if isinstance(balance, str) else {"N": str(balance)}
    item = {"pk": {"S": f"ACCOUNT#{user_id}"}, "sk": {"S": "CREDITS"}, "balance": stored}
    scene.table.client.put_item(TableName=scene.table.name, Item=item)


def heal(scene, user_id):
    poison(scene, user_id, 0)


def _reward(one, role):
    return next(reward for reward in one.rewards if reward.role is role)


@pytest.fixture
def scene():
    made = Scene()
    made.sign_up()
    return made


@pytest.mark.parametrize(("sick", "well"), [("ref", "new"), ("new", "ref")])
def test_an_account_that_cannot_be_written_keeps_its_reward_owed_and_no_other(scene, sick, well):
    poison(scene, sick)
    one = scene.pay()
    assert one.status == "qualified"
    (owed,) = one.pending_rewards
    assert owed.user_id == sick
    assert owed.credits_grant_error
    assert owed.attempts == 1
    assert scene.balance(well) == 10_000


def test_recovery_grants_once_the_account_ishealed(scene):
    poison(scene, "ref")
    scene.pay()
    heal(scene, "ref")
    done = scene.recover(NOW + timedelta(minutes=1), ignore_backoff=False)
    assert (done.attempted, done.recovered, done.errors) == (1, 1, ())
    one = scene.of()
    assert one.status == "rewarded"
    assert not any(reward.credits_grant_error for reward in one.rewards)
    assert (scene.balance("ref"), scene.balance("new")) == (10_000, 10_000)
    assert scene.broken() == []


def test_both_accounts_may_be_sick_at_once(scene):
    poison(scene, "ref")
    poison(scene, "new")
    one = scene.pay()
    assert (one.status, len(one.pending_rewards)) == ("qualified", 2)
    done = scene.recover()
    assert (done.attempted, done.recovered, len(done.errors)) == (2, 0, 2)
    assert all(error.startswith("reward_") and ": " in error for error in done.errors)


def test_a_grant_fails_for_good_after_eight_tries_and_is_still_recovered(scene):
    poison(scene, "ref")
    scene.pay()
    for tries in range(2, 9):
        assert scene.of().status == "qualified"
        scene.recover()
        assert _reward(scene.of(), Role.REFERRER).attempts == tries
    failed = scene.of()
    assert failed.status == "failed"
    assert failed.error
    heal(scene, "ref")
    assert scene.recover().recovered == 1
    assert (scene.of().status, scene.of().error) == ("rewarded", None)
    assert scene.broken() == []


def test_a_capped_referral_fails_and_heals_into_capped():
    scene = Scene(Programme(monthly_cap=0))
    scene.sign_up()
    poison(scene, "new")
    assert scene.pay().status == "capped"
    for _ in range(7):
        scene.recover()
    assert scene.of().status == "failed"
    heal(scene, "new")
    scene.recover()
    assert scene.of().status == "capped"
    assert scene.broken() == []


def test_each_failure_waits_longer_and_the_schedule_heeds_it(scene):
    poison(scene, "ref")
    scene.pay()
    at, waits = NOW, []
    for _ in range(4):
        due = _reward(scene.of(), Role.REFERRER).next_attempt_at
        waits.append(due - at)
        early = scene.recover(due - timedelta(milliseconds=1), ignore_backoff=False)
        assert early.attempted == 0
        assert scene.recover(due, ignore_backoff=False).attempted == 1
        at = due
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_a_refund_before_a_failed_grant_is_retried_leaves_nothing_owed(scene):
    poison(scene, "ref")
    scene.pay(charge_id="ch_1")
    scene.tell(charge(customer_id="cus_new", refunded=PAID))
    assert scene.of().status == "rejected"
    heal(scene, "ref")
    assert scene.recover().attempted == 0
    assert (scene.balance("ref"), scene.balance("new")) == (0, 0)
    assert scene.broken() == []


def test_a_partial_refund_before_a_failed_grant_is_retried_is_taken_from_it(scene):
    poison(scene, "ref")
    scene.pay(charge_id="ch_1")
    scene.tell(charge(customer_id="cus_new", refunded=PAID // 2))
    heal(scene, "ref")
    scene.recover()
    assert (scene.balance("ref"), scene.balance("new")) == (5_000, 5_000)
    assert scene.broken() == []


def test_a_refund_goes_through_though_one_account_cannot_be_read(scene):
    scene.pay(charge_id="ch_1")
    poison(scene, "ref")
    scene.tell(charge(customer_id="cus_new", refunded=PAID))
    one = scene.of()
    assert one.status == "rejected"
    assert scene.balance("new") == 0
    assert _reward(one, Role.REFERRER).shortfall == 10_000


def test_a_won_dispute_reaches_the_well_account_though_the_other_cannot_be_written(scene):
    scene.pay(charge_id="ch_1")
    scene.tell(dispute())
    poison(scene, "ref")
    won = dispute(closed=True, won=True)
    with pytest.raises(Unwritable):
        scene.tell(won)
    assert scene.of().status == "rewarded"
    assert scene.balance("new") == 10_000
    heal(scene, "ref")
    scene.tell(won)
    assert scene.balance("ref") == 10_000
    assert scene.broken() == []


def test_an_approval_goes_through_though_one_account_cannot_be_written():
    scene = Scene()
    scene.sign_up(flags=("disposable_email",))
    scene.pay()
    poison(scene, "ref")
    outcome = scene.approve()
    assert outcome.attribution.status == "qualified"
    assert scene.balance("new") == 10_000


def test_a_grant_that_the_ledger_holds_already_is_never_booked_again(scene):
    """A table restored in part may hold the booking and not the flag."""
    scene.table.client.put_item(
        TableName=scene.table.name,
        Item={
            "pk": {"S": "USER#ref"},
            "sk": {"S": f"LEDGER#{scene.of().id.replace('attr', 'reward')}_referrer"},
            "credits": {"N": "10000"},
            "kind": {"S": "grant"},
            "attribution_id": {"S": scene.of().id},
            "at": {"S": "2026-11-20T12:00:00.000Z"},
        },
    )
    one = scene.pay()
    assert scene.balance("ref") == 0
    assert scene.balance("new") == 10_000
    assert [reward.role for reward in one.pending_rewards] == [Role.REFERRER]
