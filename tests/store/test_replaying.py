"""Replaying: what happened from a time on comes again, under the same ids, in order."""

from datetime import timedelta

import pytest

from referrals.acts import replaying
from referrals.acts.delivering import Delivered
from referrals.acts.replaying import replay
from referrals.rules.errors import NotFound
from referrals.rules.ids import attribution_id
from referrals.rules.retries import Answer
from referrals.store import deliveries, trail, webhook_endpoints
from referrals.store.walk import BEGINNING
from tests.samples import NOW, PAID, SECRET, charge
from tests.store.listening import GOOD, NEW, Listening

_USERS = ["new", *(f"user-{number}" for number in range(9))]
_DAY = timedelta(days=1)


@pytest.fixture
def world():
    """Ten referrals, of which one was rewarded an hour after they signed up."""
    one = Listening()
    one.listen()
    for user_id in _USERS:
        one.scene.sign_up(user_id)
    one.scene.pay(at=NOW + timedelta(hours=1), charge_id="ch_1")
    return one


def _all_sent(world, endpoint_id="we_1"):
    for user_id in _USERS:
        world.deliver(endpoint_id, attribution_id(SECRET, user_id))
    return list(world.got[endpoint_id])


def _replay(world, since, after=BEGINNING):
    webhook_endpoints.listen_from(world.table, "we_1", since)
    return replay(world.table, "we_1", since, world.now, after)


def test_a_replay_sends_everything_again_under_the_same_ids(world):
    before = _all_sent(world)
    assert _replay(world, NOW).referrals == len(_USERS)
    world.got.clear()
    world.deliver_due()
    again = world.got["we_1"]
    assert {event.id for event in again} == {event.id for event in before}
    assert len(again) == len(before)
    own = [event.id for event in again if event.data["attribution"]["id"] == NEW]
    assert own == [event.id for event in before if event.data["attribution"]["id"] == NEW]


def test_a_replay_from_a_time_sends_what_happened_since(world):
    _all_sent(world)
    world.got.clear()
    assert _replay(world, NOW + timedelta(hours=1)).referrals == 1
    world.deliver_due()
    assert world.types() == [
        "referral.qualified",
        "referral.rewarded",
        "credits.granted",
        "credits.granted",
    ]


def test_a_replay_reaches_back_to_before_the_endpoint_was_there(world):
    world.listen("we_2", since=NOW + _DAY)
    webhook_endpoints.listen_from(world.table, "we_2", NOW)
    assert world.endpoint("we_2").since == NOW
    replay(world.table, "we_2", NOW, world.now)
    world.deliver_due()
    assert len(world.got["we_2"]) == len(_USERS) + 4


def test_a_later_start_makes_an_endpoint_hear_no_less(world):
    webhook_endpoints.listen_from(world.table, "we_1", NOW + _DAY)
    assert world.endpoint().since == NOW
    with pytest.raises(NotFound):
        webhook_endpoints.listen_from(world.table, "we_9", NOW)


def test_what_had_not_arrived_before_stays_the_next(world):
    world.answers["we_1"] = [Answer(500)]
    world.deliver()
    assert _replay(world, NOW + timedelta(hours=1)).referrals == 1
    assert world.deliver_due() == [Delivered(arrived=5)]


def test_a_replay_without_time_goes_on_where_it_ended(world, monkeypatch):
    monkeypatch.setattr(replaying, "_AT_ONCE", 1)
    _all_sent(world)
    world.got.clear()
    world.table.allow(0)
    done, runs = _replay(world, NOW), 1
    while done.seen is not None:
        assert done.referrals <= 1
        done, runs = _replay(world, NOW, done.seen), runs + 1
        assert runs < 3 * len(_USERS)
    assert runs >= len(_USERS)
    world.table.allow(60)
    world.deliver_due()
    assert len(world.got["we_1"]) == len(_USERS) + 4


def test_who_is_sending_while_it_is_replayed_loses_the_referral_and_nothing_is_lost(world):
    def meanwhile(_event):
        _replay(world, NOW)
        return GOOD

    world.answers["we_1"] = [meanwhile]
    assert world.deliver() == Delivered(arrived=1)
    assert (
        deliveries.get(world.table, "we_1", NEW).sent < trail.read(world.table, NEW).steps[0].place
    )
    world.deliver_due()
    own = [e.type.value for e in world.got["we_1"] if e.data["attribution"]["id"] == NEW]
    assert own[1:] == [
        "referral.attributed",
        "referral.qualified",
        "referral.rewarded",
        "credits.granted",
        "credits.granted",
    ]


def _stream(world):
    for name, ones in world.news().items():
        for one in ones:
            world.deliver(name, one)


def test_who_was_dead_for_days_and_is_replayed_has_everything_while_another_never_noticed(world):
    world.listen("we_2")
    world.always["we_1"] = Answer(problem="the connection failed")
    _stream(world)
    # What happens while it fails, and after it was switched off.
    for day in range(20):
        world.now += _DAY
        if day == 1:
            refund = charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID // 2)
            world.scene.tell(refund, at=world.now)
        if day == 15:
            world.scene.pay("user-1", at=world.now)
        _stream(world)
        if world.endpoint().enabled:
            for _ in _USERS:
                world.deliver_due()
    assert not world.endpoint().enabled
    assert world.got["we_1"] == []
    meanwhile = [event.id for event in world.got["we_2"]]
    assert len(meanwhile) == len(set(meanwhile)) == len(_USERS) + 4 + 2 + 4
    world.always.clear()
    assert _replay(world, NOW).seen is None
    world.deliver_due()
    for user_id in _USERS:
        one = attribution_id(SECRET, user_id)
        came, other = (
            [event.id for event in world.got[name] if event.data["attribution"]["id"] == one]
            for name in ("we_1", "we_2")
        )
        assert came == other
    assert [event.id for event in world.got["we_2"]] == meanwhile
