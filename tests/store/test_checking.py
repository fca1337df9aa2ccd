"""Checking: what was never handed on is sent after all, once; the rest is left as it is."""

from datetime import timedelta

import pytest

from referrals.acts import checking
from referrals.acts.checking import Checked, check
from referrals.acts.delivering import Delivered
from referrals.rules.events import EventType
from referrals.rules.ids import attribution_id
from referrals.rules.retries import Answer
from referrals.store import deliveries, endpoint_health, webhook_endpoints
from tests.samples import NOW, PAID, SECRET, charge
from tests.store.bill import billed
from tests.store.listening import GOOD, NEW, Listening
from tests.tables import everything

_USERS = ["new", *(f"user-{number}" for number in range(4))]
_HOUR = timedelta(hours=1)


@pytest.fixture
def world():
    """Five referrals, of which one was rewarded, and an hour that has passed since."""
    one = Listening()
    one.listen()
    for user_id in _USERS:
        one.scene.sign_up(user_id)
    one.scene.pay(charge_id="ch_1")
    one.now = NOW + _HOUR
    return one


def _check(world):
    return check(world.table, world.now)


def _all_sent(world):
    world.deliver_new(*(attribution_id(SECRET, user_id) for user_id in _USERS))
    return len(world.got["we_1"])


def test_what_nobody_handed_on_is_sent_once(world):
    assert _check(world) == Checked(referrals=5, missed=5, cleared=0)
    assert sum(done.arrived for done in world.deliver_due()) == 9
    assert _check(world).missed == 0
    assert world.deliver_due() == []


def test_what_has_come_is_not_written_to_nor_is_its_trail_read(world, monkeypatch):
    assert _all_sent(world) == 9
    before = everything(world.table)
    with billed(world.table, monkeypatch) as bill:
        assert _check(world).missed == 0
    # Where it ended.
    assert bill.writes == 1
    assert len(everything(world.table)) == len(before) + 1


def test_a_step_that_came_after_what_was_sent_is_missed(world):
    _all_sent(world)
    refund = charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID // 2)
    world.scene.tell(refund, at=world.now)
    # It may be on its way.
    assert _check(world).missed == 0
    world.now += _HOUR
    assert _check(world).missed == 1
    assert world.deliver_due() == [Delivered(arrived=2)]


def test_what_a_dead_sender_held_is_missed_and_what_a_living_one_holds_is_not(world):
    _all_sent(world)
    world.scene.sign_up("late", at=NOW)
    late = attribution_id(SECRET, "late")
    deliveries.claim(world.table, "we_1", late, "dead", world.now)
    assert _check(world).missed == 0
    world.now += _HOUR
    assert _check(world).missed == 1
    assert world.deliver_due() == [Delivered(arrived=1)]


def test_what_a_sender_had_left_when_it_died_is_missed(world):
    """All of it came with one version of the referral, of which a part was sent."""

    def die(_event):
        raise ConnectionError("died")

    world.answers["we_1"] = [GOOD, GOOD, GOOD, die]
    with pytest.raises(ConnectionError):
        world.deliver()
    world.now += _HOUR
    assert _check(world).missed == 5
    world.deliver_due()
    own = [one for one in world.got["we_1"] if one.data["attribution"]["id"] == NEW]
    assert [one.sequence for one in own] == [1, 2, 3, 4, 5]


def test_what_waits_for_its_next_try_keeps_waiting(world):
    world.always["we_1"] = Answer(429, "7200")
    world.deliver()
    world.now += _HOUR
    assert _check(world).missed == 4
    found = deliveries.get(world.table, "we_1", NEW)
    assert (found.tries, found.next_attempt_at) == (1, NOW + 3 * _HOUR)


def test_what_is_not_for_an_endpoint_is_not_missed(world):
    world.listen("we_rejected", frozenset({EventType.REJECTED}))
    world.listen("we_late", since=NOW + _HOUR)
    world.listen("we_off")
    endpoint_health.disable(world.table, "we_off", "gone", NOW)
    _all_sent(world)
    assert _check(world).missed == 0


def test_a_run_without_time_is_gone_on_with_by_the_next(world, monkeypatch):
    monkeypatch.setattr(checking, "_AT_ONCE", 2)
    world.table.allow(0)
    runs = [_check(world) for _ in range(3)]
    assert [run.referrals for run in runs] == [2, 2, 1]
    assert sum(run.missed for run in runs) == 5
    world.table.allow(60)
    # It ended with the last; after that it begins anew.
    assert [_check(world).referrals for _ in range(2)] == [0, 5]


def test_where_nobody_listens_no_referral_is_looked_at(world, monkeypatch):
    webhook_endpoints.delete(world.table, "we_1", world.now)
    with billed(world.table, monkeypatch) as bill:
        assert _check(world) == Checked(0, 0, 0)
    assert bill.writes == 0
    assert bill.trips <= 3


def test_what_a_deleted_endpoint_left_is_cleared_once_nobody_sends_there(world):
    world.listen("we_2")
    _all_sent(world)
    world.deliver(endpoint_id="we_2")
    webhook_endpoints.delete(world.table, "we_1", world.now)
    assert _check(world).cleared == 0
    world.now += 2 * _HOUR
    assert _check(world).cleared == 1
    left = [item for item in everything(world.table) if "we_1" in item["pk"] + item["sk"]]
    assert left == []
    assert deliveries.get(world.table, "we_2", NEW) is not None
    assert _check(world).cleared == 0


def test_a_deletion_that_died_half_way_clears_nothing_of_who_still_listens(world):
    _all_sent(world)
    delete = world.table.delete
    world.table.delete = lambda *_, **__: 1 / 0
    with pytest.raises(ZeroDivisionError):
        webhook_endpoints.delete(world.table, "we_1", world.now)
    world.table.delete = delete
    world.now += 2 * _HOUR
    assert _check(world).cleared == 0
    assert deliveries.get(world.table, "we_1", NEW) is not None
