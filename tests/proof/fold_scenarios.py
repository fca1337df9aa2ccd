"""The conditions of folding: whatever is held up, and for how long, nothing is counted twice."""

from datetime import timedelta

from referrals.acts.fold import fold
from referrals.store import keys
from tests.proof.scenarios import HELD, scenario, scene_on
from tests.proof.stage import Stage
from tests.samples import NOW
from tests.store.scene import Scene
from tests.tables import scanned

TOMORROW = NOW + timedelta(days=1)


def _folds_while(stage: Stage, scene: Scene, others: list[str]) -> None:
    """A fold is held up before its write, while others act in this order; then the dust settles."""
    acts = {
        "fold": lambda: fold(scene.table),
        "pay": lambda: scene.pay(at=TOMORROW),
        "recover": lambda: scene.recover(at=TOMORROW + timedelta(days=3)),
    }
    stage.just_before("TransactWriteItems", "FOLDS", lambda: [acts[one]() for one in others])
    fold(scene.table)
    assert scene.broken() == []
    fold(scene.table)
    assert scene.broken() == []
    assert not [one for one in scanned(scene.table) if one["pk"].startswith(keys.COUNTS_PREFIX)]


@scenario
def a_shard_that_changes_before_it_is_folded_is_not_lost(stage: Stage) -> None:
    scene = scene_on(stage, HELD)
    scene.sign_up()
    _folds_while(stage, scene, ["pay"])


@scenario
def the_first_of_two_folds_at_once_is_the_only_one(stage: Stage) -> None:
    scene = scene_on(stage, HELD)
    scene.sign_up()
    # The shard that the late one has read is there again, changed as often, and is another.
    _folds_while(stage, scene, ["fold", "pay"])


@scenario
def the_first_of_two_later_folds_at_once_is_the_only_one(stage: Stage) -> None:
    scene = scene_on(stage, HELD)
    scene.sign_up()
    fold(scene.table)
    scene.pay(at=TOMORROW)
    _folds_while(stage, scene, ["fold", "recover"])
