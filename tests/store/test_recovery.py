"""Recovery: what is owed is tried, oldest due first, and nothing keeps the rest waiting."""

from datetime import timedelta
from functools import partial

import pytest

from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW
from tests.samples import NOW
from tests.store.scene import Scene
from tests.store.side_by_side import at_once
from tests.store.test_granting import heal, poison
from tests.tables import everything

# A fast clock must not end a hold early.
_HELD = timedelta(days=7) + CLOCK_SKEW


def _held(number, **programme):
    """Referrals with a hold, each qualified a minute after the one before."""
    scene = Scene(Programme(hold_days=7, monthly_cap=100, **programme))
    users = [f"new{n}" for n in range(number)]
    for minute, user in enumerate(users):
        scene.sign_up(user)
        scene.pay(user, at=NOW + timedelta(minutes=minute))
    return scene, users


def _rewarded(scene, users):
    return [user for user in users if scene.of(user).status == "rewarded"]


def test_nothing_owed_is_nothing_tried():
    scene = Scene()
    before = everything(scene.table)
    done = scene.recover()
    assert (done.attempted, done.recovered, done.errors) == (0, 0, ())
    assert everything(scene.table) == before


@pytest.mark.parametrize("ignore_backoff", [True, False])
def test_a_hold_ends_by_itself_and_is_never_cut_short(ignore_backoff):
    scene, users = _held(1)
    early = NOW + _HELD - timedelta(seconds=1)
    assert scene.recover(early, ignore_backoff=ignore_backoff).attempted == 0
    assert scene.recover(NOW + _HELD, ignore_backoff=ignore_backoff).recovered == 2
    assert _rewarded(scene, users) == users
    assert scene.broken() == []


def test_the_oldest_due_goes_first_and_the_limit_counts_rewards():
    scene, users = _held(3)
    done = scene.recover(NOW + timedelta(days=8), limit=3)
    assert (done.attempted, done.recovered) == (3, 3)
    assert _rewarded(scene, users) == users[:1]
    assert len(scene.of("new1").pending_rewards) == 1
    scene.recover(NOW + timedelta(days=8), limit=3)
    assert _rewarded(scene, users) == users
    assert scene.broken() == []


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_the_limit_is_never_exceeded(limit):
    scene, _ = _held(3)
    assert scene.recover(NOW + timedelta(days=8), limit=limit).attempted == limit


def test_runs_at_once_grant_everything_once():
    scene, users = _held(4)
    answers = at_once([partial(scene.recover, NOW + timedelta(days=8)) for _ in range(5)])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sum(answer.recovered for answer in answers) == 8
    assert [error for answer in answers for error in answer.errors] == []
    assert _rewarded(scene, users) == users
    assert scene.balance("ref") == 40_000
    assert scene.broken() == []


def test_onepoison_account_blocks_nobody_behind_it():
    scene, users = _held(4)
    poison(scene, "new0")
    done = scene.recover(NOW + timedelta(days=8), ignore_backoff=False)
    assert (done.attempted, done.recovered, len(done.errors)) == (8, 7, 1)
    assert done.errors[0].startswith(f"{scene.of('new0').pending_rewards[0].id}: ")
    assert _rewarded(scene, users) == users[1:]


def testpoison_at_the_head_gives_way_even_where_the_limit_is_one():
    scene, users = _held(3)
    poison(scene, "new0")
    at = NOW + timedelta(days=8)
    for _ in range(8):
        scene.recover(at, limit=1, ignore_backoff=False)
    assert _rewarded(scene, users) == users[1:]


def test_an_item_that_cannot_be_read_blocks_nobody_behind_it():
    scene, users = _held(3)
    scene.table.client.update_item(
        TableName=scene.table.name,
        Key={"pk": {"S": f"ATTRIBUTION#{scene.of('new0').id}"}, "sk": {"S": "ATTRIBUTION"}},
        UpdateExpression="SET #status = :nonsense",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":nonsense": {"S": "nonsense"}},
    )
    at = NOW + timedelta(days=8)
    done = scene.recover(at, ignore_backoff=False)
    assert (done.recovered, len(done.errors)) == (4, 1)
    assert _rewarded(scene, users[1:]) == users[1:]
    assert scene.recover(at, ignore_backoff=False).attempted == 0


def test_held_rewards_do_not_use_up_a_call_s_limit():
    """A person's call ignores backoff: what is only held must not stand before what is owed."""
    scene, users = _held(3)
    scene.programme = Programme(monthly_cap=100)
    scene.sign_up("late")
    poison(scene, "late")
    at = NOW + _HELD - timedelta(hours=1)
    scene.pay("late", at=at)
    for _ in range(7):
        scene.recover(at, limit=200)
    heal(scene, "late")
    assert scene.of("late").next_attempt_at > scene.of(users[0]).held_until
    assert scene.recover(at, limit=1).recovered == 1


def test_the_age_of_what_is_owed_is_counted_from_the_qualification():
    scene = Scene()
    scene.sign_up()
    poison(scene, "ref")
    later = NOW + timedelta(days=20)
    scene.pay(at=later)
    tried = scene.recover(later + timedelta(minutes=7))
    assert tried.longest_wait == timedelta(minutes=7)
    heal(scene, "ref")
    scene.recover(later + timedelta(minutes=7))
    assert scene.recover(later + timedelta(minutes=9)).longest_wait == timedelta()


def test_a_hold_is_no_waiting():
    scene, _ = _held(1)
    assert scene.recover(NOW + _HELD - timedelta(hours=1)).longest_wait == timedelta()
    assert scene.recover(NOW + _HELD + timedelta(minutes=3)).longest_wait > timedelta()
