"""Putting events into the order of who asks: what cannot be put there now is there later."""

from datetime import timedelta

from referrals.acts import feeding
from referrals.acts.checking import check
from referrals.dynamodb.parts import Busy
from referrals.rules.events import Place
from referrals.store import deliveries, feed, trail
from referrals.store.feed import News, Slot
from referrals.views.feed import BEGINNING, page
from tests.store.listening import NEW, Listening

_ASKS = "we_asks"
_NEWS = (News(NEW, (Place(1, 0),), Place(1, 0)),)


def _asking():
    world = Listening()
    world.listen(_ASKS, asks=True)
    world.scene.sign_up()
    return world


def _types(world):
    return [one.type.value for one in page(world.table, _ASKS, BEGINNING, 10, lambda _: {}).events]


def test_a_page_ends_where_a_slot_is_not_seen_yet():
    """Of two that come while a query reads, it may see the second alone."""
    world = _asking()
    for number in (1, 3):
        assert feed.append(world.table, _ASKS, Slot(number, _NEWS))
    assert [slot.number for slot in feed.slots(world.table, _ASKS, 1, 10)] == [1]
    assert list(feed.slots(world.table, _ASKS, 2, 10)) == []
    feed.append(world.table, _ASKS, Slot(2, _NEWS))
    assert [slot.number for slot in feed.slots(world.table, _ASKS, 2, 10)] == [2, 3]


def test_where_too_many_put_events_in_order_they_are_due_in_a_minute(monkeypatch):
    world = _asking()
    monkeypatch.setattr(feed, "append", lambda *_: False)
    monkeypatch.setattr(feeding.time, "sleep", lambda _: None)
    world.deliver_new(NEW, endpoint_id=_ASKS)
    monkeypatch.undo()
    assert _types(world) == []
    world.deliver_due(timedelta(minutes=1))
    assert _types(world) == ["referral.attributed"]
    assert not list(deliveries.due(world.table, _ASKS, world.now + timedelta(days=1)))


def test_what_cannot_be_read_is_shown_and_keeps_no_other_waiting(monkeypatch):
    world, read = _asking(), trail.read
    world.scene.sign_up("other")
    ids = [found["id"] for found in world.stream() if found["sk"] == "ATTRIBUTION"]

    def broken(table, attribution_id):
        if attribution_id == NEW:
            raise ValueError("no time")
        return read(table, attribution_id)

    monkeypatch.setattr(trail, "read", broken)
    world.deliver_new(*ids, endpoint_id=_ASKS)
    monkeypatch.undo()
    assert _types(world) == ["referral.attributed"]
    (kept,), _ = deliveries.stuck(world.table, _ASKS, 10)
    assert (kept.attribution_id, kept.problem) == (NEW, "the referral cannot be read")
    world.deliver_due(timedelta(hours=1))
    assert _types(world) == ["referral.attributed", "referral.attributed"]
    assert deliveries.stuck(world.table, _ASKS, 10) == ([], False)


def test_what_is_being_moved_is_in_the_order_a_minute_later(monkeypatch):
    world = _asking()

    def moved(*_):
        raise Busy("a booking is being moved")

    monkeypatch.setattr(trail, "read", moved)
    world.deliver_new(NEW, endpoint_id=_ASKS)
    monkeypatch.undo()
    world.deliver_due(timedelta(minutes=1))
    assert _types(world) == ["referral.attributed"]


def test_what_nobody_handed_on_is_found_by_the_daily_look():
    world = _asking()
    world.now += timedelta(hours=1)
    assert check(world.table, world.now).missed == 1
    world.deliver_due()
    assert _types(world) == ["referral.attributed"]
    assert check(world.table, world.now + timedelta(days=1)).missed == 0
