"""The monthly cap: exactly so many referrers' rewards, whatever comes at the same time."""

from datetime import timedelta
from functools import partial

import pytest

from referrals.rules.programme import Programme
from referrals.store import codes
from tests.samples import NOW, PAID, charge
from tests.store.scene import Scene
from tests.store.side_by_side import at_once


def _signed_up(cap, number, **signup):
    scene = Scene(Programme(monthly_cap=cap))
    users = [f"new{n}" for n in range(number)]
    for user in users:
        scene.sign_up(user, **signup)
    return scene, users


def _statuses(scene, users):
    found = [scene.of(user).status.value for user in users]
    return {status: found.count(status) for status in set(found)}


@pytest.mark.parametrize("cap", [1, 5])
def test_payments_at_once_reward_as_many_referrers_as_the_cap_and_every_referred(cap):
    scene, users = _signed_up(cap, cap + 5)
    at_once([partial(scene.pay, user) for user in users])
    assert _statuses(scene, users) == {"rewarded": cap, "capped": 5}
    assert scene.balance("ref") == cap * 10_000
    assert [scene.balance(user) for user in users] == [10_000] * len(users)
    assert scene.broken() == []


def test_approvals_at_once_are_capped_at_that_moment():
    scene, users = _signed_up(3, 8, flags=("disposable_email",))
    for user in users:
        scene.pay(user)
    assert _statuses(scene, users) == {"review_required": 8}
    at_once([partial(scene.approve, user) for user in users])
    assert _statuses(scene, users) == {"rewarded": 3, "capped": 5}
    assert scene.balance("ref") == 30_000
    assert scene.broken() == []


def test_one_payment_told_many_times_at_once_takes_one_slot():
    scene, _ = _signed_up(2, 1)
    at_once([partial(scene.pay, "new0") for _ in range(12)])
    assert scene.of("new0").status == "rewarded"
    assert (scene.balance("ref"), scene.balance("new0")) == (10_000, 10_000)
    assert scene.broken() == []


def test_a_cap_of_none_rewards_the_referred_alone():
    scene, (user,) = _signed_up(0, 1)
    assert scene.pay(user).status == "capped"
    assert (scene.balance("ref"), scene.balance(user)) == (0, 10_000)
    assert scene.broken() == []


def test_a_new_month_has_slots_of_its_own():
    scene, users = _signed_up(1, 3)
    for user, days in zip(users, (0, 1, 15), strict=True):
        scene.pay(user, at=NOW + timedelta(days=days))
    assert [scene.of(user).status for user in users] == ["rewarded", "capped", "rewarded"]
    assert scene.broken() == []


def test_the_slot_of_a_hold_that_was_refunded_is_free_again():
    scene = Scene(Programme(monthly_cap=1, hold_days=7))
    for user in ("new0", "new1"):
        scene.sign_up(user)
    scene.pay("new0", charge_id="ch_0")
    scene.tell(charge(charge_id="ch_0", customer_id="cus_new0", refunded=PAID))
    assert scene.of("new0").skip_reason == "refunded"
    assert scene.pay("new1").status == "qualified"
    assert scene.broken() == []


def test_the_slot_of_a_granted_reward_stays_taken_after_a_refund():
    scene, users = _signed_up(1, 2)
    scene.pay(users[0], charge_id="ch_0")
    scene.tell(charge(charge_id="ch_0", customer_id=f"cus_{users[0]}", refunded=PAID))
    assert scene.pay(users[1]).status == "capped"
    assert scene.balance("ref") == 0
    assert scene.broken() == []


def test_two_referrers_have_a_cap_each():
    scene, users = _signed_up(1, 1)
    codes.create(scene.table, "ref2", "B1B2C3D4E5F6")
    scene.sign_up("other", code="B1B2C3D4E5F6")
    assert scene.pay(users[0]).status == "rewarded"
    assert scene.pay("other").status == "rewarded"
    assert scene.broken() == []
