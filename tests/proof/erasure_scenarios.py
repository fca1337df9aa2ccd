"""An erasure's conditions: nothing that comes while an account moves is lost."""

import pytest

from referrals.acts import erasure
from referrals.rules.errors import StateConflict
from referrals.rules.ids import tombstone
from referrals.store import keys, metering
from tests.proof.scenarios import scenario, scene_on
from tests.proof.stage import Stage
from tests.recounted import recounted
from tests.samples import NOW, SECRET
from tests.simulation.faults import Crash, Fault
from tests.store.scene import Scene


def _erase(scene: Scene, user_id: str) -> None:
    erasure.erase(scene.table, SECRET, user_id, None, scene.programme)


@scenario
def an_erased_user_is_not_named_again(stage: Stage) -> None:
    scene = scene_on(stage)
    _erase(scene, "ref")
    done = len(stage.calls)
    stage.script = {done + 1: Fault.CRASH_AFTER}
    with pytest.raises(Crash):
        _erase(scene, "ref")
    item = scene.table.get(keys.tombstone(tombstone(SECRET, "ref")))
    assert item is not None
    assert "user_id" not in item


def _booked(scene: Scene, user_id: str, key: str, credits: int, **numbers: int) -> None:
    """A booking, and the numbers of the account that it changes."""
    place = keys.ledger(user_id, key)
    item = {"pk": place.pk, "sk": place.sk, "credits": credits, "kind": "grant"}
    item |= {"attribution_id": "attr_1", "at": "2026-11-20T12:00:00.000Z"}
    added = ", ".join(f"{name} :{name}" for name in numbers)
    values = {f":{name}": number for name, number in numbers.items()}
    scene.table.transact(
        [
            scene.table.put("gift", item),
            scene.table.update("account", keys.credits(user_id), f"ADD {added}", values),
        ]
    )


def _erased_while(stage: Stage, before: dict[str, int], meanwhile: dict[str, int]) -> None:
    """What an account gets while it moves goes along."""
    scene = scene_on(stage)
    if before:
        _booked(scene, "ref", "old", sum(before.values()), **before)
    credits = sum(meanwhile.values())
    stage.just_before(
        "TransactWriteItems",
        "^ACCOUNT#ref/CREDITS",
        lambda: _booked(scene, "ref", "late", credits, **meanwhile),
    )
    _erase(scene, "ref")
    assert [one for one in scene.broken() if "booked" in one] == []


@scenario
def what_is_credited_while_an_account_moves_is_not_lost(stage: Stage) -> None:
    _erased_while(stage, {"balance": 5, "spent": 5}, {"balance": 7})


@scenario
def what_is_spent_while_an_account_moves_is_not_lost(stage: Stage) -> None:
    _erased_while(stage, {"balance": 5, "spent": 5}, {"spent": 7})


@scenario
def what_is_credited_while_an_unspent_account_moves_is_not_lost(stage: Stage) -> None:
    _erased_while(stage, {"balance": 5}, {"balance": 7})


@scenario
def what_is_spent_while_an_unspent_account_moves_is_not_lost(stage: Stage) -> None:
    _erased_while(stage, {"balance": 5}, {"spent": 7})


@scenario
def what_is_credited_while_an_account_without_credits_moves_is_not_lost(stage: Stage) -> None:
    metering.charge(stage.table(), "ref", NOW)
    _erased_while(stage, {}, {"balance": 7})


@scenario
def what_another_erasure_moved_meanwhile_is_not_moved_twice(stage: Stage) -> None:
    scene = scene_on(stage)
    _booked(scene, "ref", "old", 10, balance=10)

    def moved_by_another() -> None:
        _erase(scene, "ref")
        # The one that was held goes through, and its process dies.
        stage.script = {len(stage.calls) + 1: Fault.CRASH_AFTER}

    stage.just_before("TransactWriteItems", "^USER#erased_.*LEDGER", moved_by_another)
    with pytest.raises(Crash):
        _erase(scene, "ref")
    assert [one for one in recounted(scene.table).differences if "account" in one] == []


@scenario
def who_is_erased_while_they_sign_up_is_not_referred(stage: Stage) -> None:
    scene = scene_on(stage)
    stage.just_before("TransactWriteItems", "COHORT", lambda: _erase(scene, "new"))
    with pytest.raises(StateConflict) as refused:
        scene.sign_up()
    assert refused.value.state == "erased"
    assert recounted(scene.table).differences == ()


@scenario
def a_slot_taken_while_a_month_moves_is_not_lost(stage: Stage) -> None:
    scene = scene_on(stage)
    for user in ("one", "two"):
        scene.sign_up(user)
    scene.pay("one")

    def another() -> None:
        place = keys.monthly_rewards("ref", "2026-11")
        scene.table.write(scene.table.update("slot", place, "ADD qualified :one", {":one": 1}))

    stage.just_before("TransactWriteItems", "^USER#ref/REWARDS", another)
    _erase(scene, "ref")
    month = scene.table.get(keys.monthly_rewards(tombstone(SECRET, "ref"), "2026-11"))
    assert month is not None
    assert month["qualified"] == 2
