"""Approve, reject, refund and recovery at the same time leave exactly one terminal state."""

from functools import partial
from itertools import permutations

import pytest

from referrals.acts import review
from referrals.rules.errors import NotFound, StateConflict
from referrals.rules.facts import CustomerLinked
from referrals.store import attributions
from tests.samples import PAID, actor, charge, invoice
from tests.store.scene import Scene
from tests.store.side_by_side import at_once
from tests.tables import everything

_REFUND = charge(invoice_id="in_1", refunded=PAID)
_TERMINAL = {"rewarded", "rejected"}


def _waiting():
    scene = Scene()
    scene.sign_up(flags=("disposable_email",))
    scene.tell(CustomerLinked(customer_id="cus_1", user_id="new"), invoice(charge_id="ch_1"))
    assert scene.of().status == "review_required"
    return scene


def _acts(scene):
    return {
        "approve": scene.approve,
        "reject": scene.reject,
        "refund": partial(scene.tell, _REFUND),
        "recover": scene.recover,
    }


def _assert_one_end(scene):
    one = scene.of()
    assert one.status in _TERMINAL
    left = 10_000 if one.status == "rewarded" else 0
    assert (scene.balance("ref"), scene.balance("new")) == (left, left)
    assert scene.broken() == []


_PAIRS = list(permutations(["approve", "reject", "refund"], 2))


@pytest.mark.parametrize(("slow", "fast"), _PAIRS, ids=[f"{a} by {b}" for a, b in _PAIRS])
def test_an_act_that_is_overtaken_finds_what_the_other_left(slow, fast):
    scene = _waiting()
    acts = _acts(scene)
    scene.just_before("TransactWriteItems", "ATTRIBUTION#", acts[fast])
    try:
        acts[slow]()
    except StateConflict as conflict:
        refused = conflict.state
    else:
        refused = None
    _assert_one_end(scene)
    expected = {
        ("approve", "reject"): "rejected",
        ("approve", "refund"): "rejected",
        ("reject", "approve"): "rewarded",
    }
    assert refused == expected.get((slow, fast))


@pytest.mark.parametrize("_", range(6))
def test_all_four_at_once_leave_one_end_and_every_loser_is_told_the_state(_):
    scene = _waiting()
    acts = _acts(scene)
    answers = dict(zip(acts, at_once(list(acts.values())), strict=True))
    _assert_one_end(scene)
    for name, answer in answers.items():
        if isinstance(answer, Exception):
            assert isinstance(answer, StateConflict), (name, answer)
            assert answer.state in _TERMINAL
    assert not isinstance(answers["refund"], Exception)
    assert not isinstance(answers["recover"], Exception)
    assert scene.of().status == "rejected"


@pytest.mark.parametrize("_", range(4))
def test_of_many_reviewers_one_decides(_):
    scene = _waiting()
    acts = [partial(scene.approve, name=f"ann{n}") for n in range(3)]
    acts += [partial(scene.reject, name=f"bob{n}") for n in range(3)]
    answers = at_once(acts)
    one = scene.of()
    agreeing = answers[:3] if one.status == "rewarded" else answers[3:]
    opposing = answers[3:] if one.status == "rewarded" else answers[:3]
    assert all(not isinstance(answer, Exception) for answer in agreeing)
    assert all(isinstance(answer, StateConflict) for answer in opposing)
    decided_by = {entry.by for entry in attributions.history(scene.table, one.id).audit}
    assert {name for name in decided_by if name[:3] in ("ann", "bob")} == {one.reviewed_by}
    _assert_one_end(scene)


def test_the_same_decision_again_answers_the_same_and_writes_nothing():
    for decide in ("approve", "reject"):
        scene = _waiting()
        first = getattr(scene, decide)(name="first").attribution
        before = everything(scene.table)
        assert getattr(scene, decide)(name="second").attribution == first
        assert everything(scene.table) == before


def test_a_decision_outside_of_review_is_refused_with_the_state_and_writes_nothing():
    scene = Scene()
    scene.sign_up()
    before = everything(scene.table)
    for decide in (scene.approve, scene.reject):
        with pytest.raises(StateConflict) as refused:
            decide()
        assert refused.value.state == "attributed"
    assert everything(scene.table) == before


def test_a_decision_on_what_does_not_exist_is_not_found():
    scene = Scene()
    for decide in (review.approve, review.reject):
        with pytest.raises(NotFound):
            decide(scene.table, "attr_none", scene.programme, actor())


def test_who_decided_when_and_why_is_on_record():
    scene = _waiting()
    scene.reject(name="bob")
    one = scene.of()
    assert (one.reviewed_by, one.review_reason) == ("bob", "looks odd")
    last = attributions.history(scene.table, one.id).audit[-1]
    assert (last.by, last.why) == ("bob", "looks odd")
    assert (last.from_status, last.to_status) == ("review_required", "rejected")
