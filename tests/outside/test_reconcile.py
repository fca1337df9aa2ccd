"""Reconciliation compares the ledger with what is at Stripe, and tells each difference."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from referrals.acts import reconcile as reconcile_module
from referrals.acts.reconcile import reconcile
from referrals.acts.recount import outside
from referrals.rules.attribution import Role
from referrals.store import reconciliation
from tests.outside.stripe_account import BUSY, LOST_ANSWER, LOST_REQUEST, OVERLOADED
from tests.samples import PAID, SECRET, actor
from tests.tables import everything

STRIPE = ("stripe_balance", "stripe_credit_grants")


@pytest.fixture(params=STRIPE)
def scene(made, request):
    scene = made(request.param)
    scene.link("ref")
    return scene


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Nobody waits here; what would have been waited for is noted."""
    waited = []
    monkeypatch.setattr(outside, "time", SimpleNamespace(sleep=waited.append))
    return waited


def _steps(scene, *, anew=True):
    run = actor(scene.at, "schedule")
    books = scene.backend
    return [*reconcile(scene.table, SECRET, scene.programme, run, anew=anew, books=books)]


def _told(scene):
    return sorted(one for step in _steps(scene) for one in step.differences)


def _reward(scene, role=Role.REFERRED, user="new"):
    return next(one for one in scene.of(user).rewards if one.role is role)


def _of(scene, customer="cus_new"):
    """What the customer has there of ours."""
    all_of_them = [*scene.account.transactions, *scene.account.grants]
    return [one for one in all_of_them if one["customer"] == customer and one["metadata"]]


def test_what_agrees_is_not_told(scene):
    scene.paid()
    scene.paid("other")
    scene.recovered()
    scene.spend("new", 3_000)
    scene.claim(PAID // 2)
    scene.recovered()
    scene.claim(PAID)
    scene.recovered()
    scene.claim(PAID // 3, "other")
    scene.recovered()
    scene.disputed("other", amount=PAID // 3, currency="usd")
    scene.recovered()
    scene.later()
    scene.disputed("other", amount=PAID // 3, currency="usd", closed=True, won=True)
    scene.recovered()
    asked = len(scene.wire.asked)
    assert _told(scene) == []
    assert len(scene.wire.asked) > asked


def test_what_is_under_way_is_no_difference(scene):
    scene.paid()
    scene.recovered()
    scene.paid("other")
    scene.wire.before = lambda method, _: LOST_ANSWER if method == "post" else BUSY
    scene.recovered()
    scene.claim(PAID // 2)
    scene.recovered()
    scene.wire.before = lambda *_: None
    assert all(reward.order for reward in scene.of("other").rewards)
    assert _told(scene) == []


def test_what_was_done_twice_is_told(scene):
    scene.paid()
    scene.recovered()
    one = _of(scene)[0]
    again = {**one, "id": "again_1"}
    if one in scene.account.grants:
        scene.account.grants.append(again)
    else:
        scene.account.transactions.append(again)
    key = _reward(scene).id
    told = _told(scene)
    assert told[0] == f"outside {key}: done 2 times: again_1, {one['id']}"
    assert len(told) == 2


def test_what_is_booked_and_not_there_is_told(scene):
    scene.paid()
    scene.recovered()
    (one,) = _of(scene)
    scene.account.transactions = [t for t in scene.account.transactions if t is not one]
    scene.account.grants = [t for t in scene.account.grants if t is not one]
    said = f"outside {_reward(scene).id}: booked as {one['id']}, there it is nothing"
    assert _told(scene) == [said]


def test_what_is_there_and_not_booked_is_told(scene):
    """As after a restore that took the table back to before the grant."""
    scene.paid()
    scene.recovered()
    (one,) = _of(scene)
    more = {**one, "id": "more_1", "metadata": {**one["metadata"], "credits_grant_key": "reward_x"}}
    if one in scene.account.grants:
        scene.account.grants.append(more)
    else:
        scene.account.transactions.append(more)
    said = f"outside reward_x: more_1 at {scene.backend.name}, neither booked nor under way"
    assert _told(scene) == [said]


def test_another_amount_is_told(scene):
    scene.paid()
    scene.recovered()
    (one,) = _of(scene)
    if one in scene.account.grants:
        one["amount"]["monetary"]["value"] = 900
    else:
        one["amount"] = -900
    said = f"outside {_reward(scene).id}: worth 1000 by the ledger, 900 there"
    assert _told(scene) == [said]


def test_a_customer_of_two_users_is_no_difference(scene):
    scene.paid()
    scene.link("ref")
    scene.recovered()
    (own,) = _of(scene)
    own["customer"] = "cus_ref"
    place = ("pk", "sk")
    (item,) = [one for one in everything(scene.table) if one["sk"] == "ATTRIBUTION"]
    item["rewards"]["referred"]["customer"] = "cus_ref"
    assert set(place) < item.keys()
    scene.table.write(scene.table.put("edited", item))
    assert _told(scene) == []


def test_what_went_with_a_customer_is_no_difference(scene):
    scene.paid()
    scene.recovered()
    scene.delete("new")
    scene.claim(PAID)
    scene.recovered()
    assert _told(scene) == []


def test_credits_that_came_to_their_end_are_no_difference(made):
    scene = made("stripe_credit_grants")
    scene.link("ref")
    scene.paid()
    scene.recovered()
    scene.spend("new", 3_000)
    scene.later(timedelta(days=400))
    assert _told(scene) == []
    scene.claim(PAID // 2)
    scene.recovered()
    assert _told(scene) == []


def test_a_grant_that_staff_voided_is_told(made):
    scene = made("stripe_credit_grants")
    scene.link("ref")
    scene.paid()
    scene.recovered()
    (one,) = _of(scene)
    one["voided_at"] = 1
    assert _told(scene) == [f"outside {_reward(scene).id}: worth 1000 by the ledger, 0 there"]


def test_users_are_compared_page_by_page_and_by_whoever_comes_next(scene, monkeypatch):
    users = [f"new{n}" for n in range(5)]
    for user in users:
        scene.paid(user)
    scene.recovered(limit=200)
    lost = _of(scene, "cus_new3")
    scene.account.transactions = [t for t in scene.account.transactions if t not in lost]
    scene.account.grants = [t for t in scene.account.grants if t not in lost]
    monkeypatch.setattr(reconcile_module, "_ASKED_AT_ONCE", 10)
    monkeypatch.setattr(type(scene.table), "time_left", 0.0)
    steps = _steps(scene)
    while reconciliation.under_way(scene.table):
        scene.later(timedelta(minutes=20))
        (step,) = _steps(scene, anew=False)
        steps.append(step)
    told = [one for step in steps for one in step.differences]
    (said,) = told
    assert said.endswith("there it is nothing")
    phases = [step.done.phase for step in steps]
    assert phases.count("outside") > 5
    assert phases == sorted(phases, key=["items", "days", "outside", "repairs"].index)
    assert [step.compared for step in steps].count(True) == 1


@pytest.mark.parametrize("fate", [LOST_REQUEST, BUSY, OVERLOADED])
def test_an_outside_that_is_down_for_a_moment_is_waited_for(scene, pauses, fate):
    scene.paid()
    scene.recovered()
    fates = [fate, fate]
    scene.wire.before = lambda *_: fates.pop() if fates else None
    assert _told(scene) == []
    assert pauses


def test_an_outside_that_stays_down_is_told_and_keeps_no_repair_waiting(scene, pauses):
    for user in ("new", "other"):
        scene.paid(user)
    scene.recovered()
    scene.wire.before = lambda *_: LOST_REQUEST
    steps = _steps(scene)
    told = [one for step in steps for one in step.differences]
    assert told == [f"outside: not compared with {scene.backend.name}: Stripe did not answer"]
    assert steps[-1].done.phase == "repairs"
    assert steps[-1].next is None
    assert sorted(set(pauses)) == [1, 2, 4, 8, 16]


def test_who_has_no_time_left_does_not_wait_for_an_outside_that_is_down(scene, pauses, monkeypatch):
    """Or a run would end in the midst of a step, and the next one again."""
    scene.paid()
    scene.recovered()
    scene.wire.before = lambda *_: BUSY
    monkeypatch.setattr(type(scene.table), "time_left", 50.0)
    (told,) = _told(scene)
    assert told == f"outside: not compared with {scene.backend.name}: Stripe is asked too often"
    assert pauses == []


def test_a_customer_that_cannot_be_read_keeps_no_other_from_being_compared(scene):
    scene.paid()
    scene.recovered()
    del scene.account.customers["cus_new"]
    (one,) = _of(scene, "cus_ref")
    one["id"] = "other_1"
    told = _told(scene)
    assert [one.split(":")[0] for one in told] == [
        "outside new",
        f"outside {_reward(scene, Role.REFERRER).id}",
    ]
    assert "not compared" in told[0]


def test_what_was_begun_before_credits_came_back_to_the_ledger_is_ended(scene, monkeypatch):
    scene.paid()
    scene.recovered()
    monkeypatch.setattr(type(scene.table), "time_left", 0.0)
    place, run = None, actor(scene.at, "schedule")
    while place is None or place.phase != "outside":
        _steps(scene, anew=place is None)
        place = reconciliation.under_way(scene.table)
    asked, steps = len(scene.wire.asked), []
    while reconciliation.under_way(scene.table):
        steps += reconcile(scene.table, SECRET, scene.programme, run, anew=False)
    assert [step.done.phase for step in steps] == ["outside", "repairs"]
    assert [step.compared for step in steps] == [True, False]
    assert len(scene.wire.asked) == asked


def test_without_an_outside_that_can_be_read_nothing_is_asked(made):
    scene = made("http")
    scene.paid()
    scene.recovered()
    asked = len(scene.wire.asked)
    run = actor(scene.at, "schedule")
    steps = [*reconcile(scene.table, SECRET, scene.programme, run, anew=True)]
    assert [one for step in steps for one in step.differences] == []
    assert "outside" not in [step.done.phase for step in steps]
    assert len(scene.wire.asked) == asked
