"""Credits at each outside: granted once, taken back, and given back, whatever befalls a request."""

from datetime import timedelta

import pytest

from referrals.acts.erasure import erase
from referrals.rules.attribution import Role
from tests.outside.stripe_account import (
    FAILS_AFTER,
    FATES,
    LOST_ANSWER,
    LOST_REQUEST,
    OVERLOADED,
)
from tests.recounted import recounted
from tests.samples import PAID, SECRET

BACKENDS = ("stripe_balance", "stripe_credit_grants", "http")


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture
def scene(made, backend):
    scene = made(backend)
    scene.link("ref")
    return scene


class Died(BaseException):
    """The process died: no `except Exception` hears of it."""


class _Dying:
    """A client with which a process dies as it is about to book what was done outside."""

    def __init__(self, client):
        self.client = client
        self.exceptions = client.exceptions

    def __getattr__(self, name):
        call = getattr(self.client, name)

        def asked(**arguments):
            if "credits_granted_at" in str(arguments):
                raise Died
            return call(**arguments)

        return asked


def _reward(scene, role=Role.REFERRED, user="new"):
    return next(one for one in scene.of(user).rewards if one.role is role)


def _posts(scene):
    return [one for one in scene.wire.asked if one.startswith("post")]


def _befalls_posts(scene, fate):
    scene.wire.before = lambda method, _: fate if method == "post" else None


def _all_is_well(scene):
    scene.wire.before = lambda *_: None


def test_a_payment_asks_nothing_of_the_outside_and_leaves_the_grants_owed(scene):
    assert scene.paid().status == "qualified"
    assert scene.wire.asked == []
    assert [reward.pending for reward in scene.of().rewards] == [True, True]
    assert scene.differences() == []


def test_recovery_grants_both_and_the_referral_is_rewarded(scene):
    scene.paid()
    done = scene.recovered()
    assert (done.recovered, done.errors) == (2, ())
    assert scene.of().status == "rewarded"
    assert (scene.credits("ref"), scene.credits("new")) == (10_000, 10_000)
    assert scene.balance("ref") == scene.balance("new") == 0
    assert all(reward.outside_id for reward in scene.of().rewards)
    assert scene.differences() == []


def test_again_recovery_asks_nothing(scene):
    scene.paid()
    scene.recovered()
    asked = list(scene.wire.asked)
    assert scene.recovered().attempted == 0
    assert scene.wire.asked == asked


@pytest.mark.parametrize("fate", FATES)
def test_whatever_befalls_the_first_request_the_credits_come_once(scene, fate):
    scene.paid()
    fates = [fate]
    scene.wire.before = lambda *_: fates.pop() if fates else None
    scene.recovered()
    for _ in range(4):
        scene.later(timedelta(hours=7))
        scene.recovered()
    assert scene.of().status == "rewarded"
    assert scene.effects() == 2
    assert (scene.credits("ref"), scene.credits("new")) == (10_000, 10_000)
    assert scene.differences() == []


@pytest.mark.parametrize("fate", [LOST_ANSWER, FAILS_AFTER])
def test_what_was_done_is_no_second_grant_when_a_key_could_be_forgotten(scene, fate):
    scene.paid()
    _befalls_posts(scene, fate)
    scene.recovered()
    assert scene.effects() == 2
    _all_is_well(scene)
    scene.later(timedelta(hours=25))
    assert scene.recovered().recovered == 2
    assert scene.effects() == 2
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_failure_after_the_effect_is_adopted_at_once(scene):
    scene.paid()
    _befalls_posts(scene, FAILS_AFTER)
    scene.recovered()
    _all_is_well(scene)
    scene.later(timedelta(minutes=5))
    assert scene.recovered().recovered == 2
    assert scene.effects() == 2
    assert scene.differences() == []


def test_a_run_that_died_after_the_effect_is_no_second_grant_a_day_later(scene):
    scene.paid()
    alive = scene.table.client
    scene.table.client = _Dying(alive)
    with pytest.raises(Died):
        scene.recovered()
    scene.table.client = alive
    assert scene.effects() == 1
    scene.later(timedelta(hours=25))
    scene.recovered()
    assert scene.effects() == 2
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


@pytest.mark.parametrize("fate", [LOST_REQUEST, OVERLOADED])
def test_while_the_outside_is_down_few_are_tried_and_all_are_granted_afterwards(scene, fate):
    users = [f"new{n}" for n in range(6)]
    for user in users:
        scene.paid(user)
    scene.wire.before = lambda *_: fate
    done = scene.recovered(ignore_backoff=False, limit=200)
    assert 0 < len(done.errors) < 12
    _all_is_well(scene)
    scene.later()
    scene.recovered(ignore_backoff=False, limit=200)
    assert {scene.of(user).status for user in users} == {"rewarded"}
    assert scene.credits("ref") == 60_000
    assert scene.differences() == []


def test_a_refund_before_the_grant_is_ordered_leaves_nothing_outside(scene):
    scene.paid()
    scene.claim(PAID)
    assert scene.of().status == "rejected"
    assert scene.recovered().attempted == 0
    assert scene.effects() == 0
    assert scene.differences() == []


def test_a_refund_while_an_order_is_under_way_is_a_grant_and_its_reversal(scene):
    """Whether the outside did it nobody knows, and a request may still be on its way."""
    scene.paid()
    scene.wire.before = lambda *_: LOST_ANSWER
    scene.recovered()
    scene.claim(PAID)
    assert scene.of().status == "rejected"
    _all_is_well(scene)
    for _ in range(3):
        scene.later()
        scene.recovered()
    assert scene.of().status == "rejected"
    assert (scene.credits("ref"), scene.credits("new")) == (0, 0)
    assert scene.differences() == []


def test_a_refund_takes_back_what_is_left_and_notes_what_is_missing(scene):
    scene.paid()
    scene.recovered()
    scene.spend("new", 3_000)
    scene.claim(PAID)
    assert scene.credits("new") == 7_000
    scene.recovered()
    assert (scene.credits("ref"), scene.credits("new")) == (0, 0)
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (7_000, 3_000)
    assert scene.differences() == []


def test_partial_refunds_take_back_their_share(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID // 2)
    scene.recovered()
    assert (scene.credits("ref"), scene.credits("new")) == (5_000, 5_000)
    scene.claim(PAID)
    scene.recovered()
    assert (scene.credits("ref"), scene.credits("new")) == (0, 0)
    assert scene.differences() == []


def test_a_dispute_that_is_won_gives_back_exactly_what_was_taken(scene):
    scene.paid()
    scene.recovered()
    scene.spend("new", 3_000)
    scene.disputed()
    scene.recovered()
    assert (scene.credits("new"), _reward(scene).shortfall) == (0, 3_000)
    scene.later()
    scene.disputed(closed=True, won=True)
    scene.recovered()
    assert (scene.credits("ref"), scene.credits("new")) == (10_000, 7_000)
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (0, 0)
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_claim_that_ends_before_anything_was_taken_takes_nothing(scene):
    scene.paid()
    scene.recovered()
    scene.disputed()
    scene.disputed(closed=True, won=True)
    asked = len(_posts(scene))
    assert scene.recovered().attempted == 0
    assert len(_posts(scene)) == asked
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_reversal_whose_answer_is_lost_is_one(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID)
    _befalls_posts(scene, LOST_ANSWER)
    scene.recovered()
    _all_is_well(scene)
    scene.later(timedelta(hours=30))
    scene.recovered()
    assert (scene.credits("ref"), scene.credits("new")) == (0, 0)
    assert scene.differences() == []


def test_what_somebody_who_was_deleted_there_had_is_missing(scene):
    scene.paid()
    scene.recovered()
    scene.delete("new")
    scene.claim(PAID)
    scene.recovered()
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (0, 10_000)
    assert scene.differences() == []


def test_what_is_owed_to_the_erased_stays_in_the_ledger(made, backend):
    scene = made(backend)
    scene.paid()
    erased = erase(scene.table, SECRET, "ref", None, scene.programme).tombstone
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert (scene.balance(erased), scene.credits("new")) == (10_000, 10_000)
    assert scene.differences() == []


def test_an_erasure_leaves_what_is_outside_where_it_is(scene):
    scene.paid()
    scene.recovered()
    erased = erase(scene.table, SECRET, "new", None, scene.programme).tombstone
    assert scene.credits("new") == 10_000
    assert scene.balance(erased) == 0
    scene.claim(PAID)
    scene.recovered()
    assert scene.credits("new") == 0
    assert scene.differences() == []


def test_rewards_worth_nothing_are_booked_without_asking(made, backend):
    scene = made(backend, referred_credits=0)
    scene.link("ref")
    scene.paid()
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert len(_posts(scene)) == 1
    assert scene.differences() == []


def test_a_hold_is_never_ignored(made, backend):
    scene = made(backend, hold_days=7)
    scene.link("ref")
    scene.paid()
    assert scene.recovered().attempted == 0
    scene.later(timedelta(days=8))
    assert scene.recovered().recovered == 2


def test_an_order_that_stands_is_not_granted_elsewhere(scene, backend):
    """The backend was changed while an answer was lost: the order waits, and says so."""
    scene.paid()
    scene.wire.before = lambda *_: LOST_ANSWER
    scene.recovered()
    scene.programme = type(scene.programme)()
    done = scene.recover(scene.at)
    assert done.recovered == 0
    assert all(backend in error for error in done.errors)
    assert scene.balance("new") == 0
    assert scene.differences() == []


def test_what_was_not_ordered_goes_where_credits_go_now(scene):
    scene.paid()
    scene.programme = type(scene.programme)()
    assert scene.recover(scene.at).recovered == 2
    assert (scene.balance("new"), scene.effects()) == (10_000, 0)
    assert scene.differences() == []


def test_a_claim_on_what_is_outside_says_that_it_waits_where_credits_go_to_the_ledger(
    scene, backend
):
    scene.paid()
    scene.recovered()
    scene.claim(PAID)
    outside, scene.programme = scene.programme, type(scene.programme)()
    scene.recover(scene.at, ignore_backoff=False)
    assert _reward(scene).credits_grant_error == (
        f"the credits go to {backend}, which is not CreditsBackend now"
    )
    assert scene.credits("new") == 10_000
    scene.programme = outside
    scene.later()
    scene.recovered()
    assert scene.credits("new") == 0
    assert scene.differences() == []


def test_the_recount_of_the_table_agrees(scene):
    scene.paid()
    scene.recovered()
    scene.spend("new", 3_000)
    scene.claim(PAID)
    scene.recovered()
    assert recounted(scene.table).differences == ()
