"""Delivering: in order, each event noted once, past receivers that fail and time that runs out."""

from datetime import timedelta

import pytest

from referrals.acts import erasure
from referrals.acts.delivering import Delivered
from referrals.acts.publishing import news
from referrals.rules.events import EventType, event_of
from referrals.rules.ids import attribution_id
from referrals.rules.retries import TRIES, Answer
from referrals.store import deliveries, endpoint_health, keys, trail, webhook_endpoints
from tests.samples import NOW, PAID, SECRET, charge
from tests.store.bill import billed
from tests.store.listening import GOOD, NEW, Listening


@pytest.fixture
def world():
    """A referral that was rewarded, and somebody who listens."""
    one = Listening()
    one.listen()
    one.scene.sign_up()
    one.scene.pay(charge_id="ch_1")
    return one


_ALL = [
    "referral.attributed",
    "referral.qualified",
    "referral.rewarded",
    "credits.granted",
    "credits.granted",
]


def test_everything_that_happened_arrives_in_its_order_and_once(world):
    assert world.deliver() == Delivered(arrived=5)
    assert world.deliver() == Delivered()
    assert world.types() == _ALL
    assert [event.sequence for event in world.got["we_1"]] == [1, 2, 3, 4, 5]
    assert len({event.id for event in world.got["we_1"]}) == 5


def test_an_event_costs_two_write_units(world, monkeypatch):
    world.deliver()
    world.scene.tell(charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID))
    world.listen("we_2", frozenset({EventType.REJECTED}))
    with billed(world.table, monkeypatch) as bill:
        assert world.deliver("we_2").arrived == 1
    # And once an hour that it arrived.
    assert (bill.writes, bill.index_writes) == (3, 0)


def test_who_listens_for_some_events_gets_those(world):
    world.listen("we_2", frozenset({EventType.REWARDED}))
    world.deliver("we_2")
    assert world.types("we_2") == ["referral.rewarded"]
    assert world.deliver("we_2") == Delivered()


def test_what_happened_before_anybody_listened_is_not_sent(world):
    world.listen("we_2", since=NOW + timedelta(hours=1))
    assert world.deliver("we_2") == Delivered()
    refund = charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID // 2)
    world.scene.tell(refund, at=NOW + timedelta(hours=2))
    world.deliver("we_2")
    assert world.types("we_2") == ["credits.reversed", "credits.reversed"]


def test_a_later_event_waits_for_an_earlier_one_that_failed(world):
    world.answers["we_1"] = [GOOD, Answer(500)]
    assert world.deliver() == Delivered(1, "answered 500")
    world.scene.tell(charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID))
    assert world.deliver() == Delivered()
    assert world.types() == _ALL[:1]
    assert world.deliver_due() == []
    assert world.deliver_due(after=timedelta(seconds=6)) == [Delivered(arrived=7)]
    assert world.types() == [*_ALL, "referral.rejected", "credits.reversed", "credits.reversed"]


def test_retry_after_puts_the_next_try_off(world):
    world.answers["we_1"] = [Answer(429, "600")]
    world.deliver()
    assert world.deliver_due(after=timedelta(minutes=9)) == []
    assert world.deliver_due(after=timedelta(minutes=1)) == [Delivered(arrived=5)]


def test_who_says_gone_is_sent_nothing_more(world):
    world.answers["we_1"] = [Answer(410)]
    assert world.deliver() == Delivered(problem="answered 410", switched_off=True)
    off = world.endpoint()
    assert (off.disabled_at, off.disabled_why) == (world.now, "answered 410")
    assert world.deliver() == Delivered()
    assert world.deliver_due(after=timedelta(days=9)) == []
    assert world.got == {}


def _exhaust(world):
    world.always["we_1"] = Answer(500)
    tried = [world.deliver()]
    for _ in range(TRIES):
        tried += world.deliver_due(after=timedelta(hours=30))
    return tried


def test_who_takes_nothing_for_days_is_switched_off_after_ten_tries(world):
    assert len(_exhaust(world)) == TRIES
    off = world.endpoint()
    assert not off.enabled
    assert off.disabled_why == "answered 500"
    found = deliveries.get(world.table, "we_1", NEW)
    assert (found.failing_since, found.problem) == (NOW, "answered 500")


def test_one_event_that_a_receiver_does_not_like_switches_nothing_off(world):
    world.scene.sign_up("other")
    other = attribution_id(SECRET, "other")

    def picky(event):
        return Answer(500) if event.data["attribution"]["id"] == NEW else GOOD

    world.always["we_1"] = picky
    world.deliver()
    for number in range(TRIES):
        world.deliver_due(after=timedelta(hours=30))
        if number == TRIES - 3:
            assert world.deliver(one=other).arrived == 1
    assert world.endpoint().enabled
    world.always.clear()
    # Given up, and still the next to be sent.
    assert world.deliver() == Delivered(arrived=5)
    assert [one.id for one in world.got["we_1"] if one.type == "referral.attributed"] == [
        event_of(one, trail.read(world.table, one).steps[0], 1, {}).id for one in (other, NEW)
    ]


def test_a_dead_endpoint_is_left_alone_after_some_failures_and_loses_none(world):
    others = [f"user-{number}" for number in range(20)]
    world.always["we_1"] = Answer(problem="the connection failed")
    for user_id in others:
        world.scene.sign_up(user_id)
    ids = [attribution_id(SECRET, user_id) for user_id in others]
    # The rest is due in a minute without having been tried.
    assert len(world.deliver_new(*ids)) == 8
    assert len(world.deliver_due(after=timedelta(minutes=1))) == 8
    world.always.clear()
    assert len(world.deliver_due(after=timedelta(minutes=9))) == 20
    assert len(world.got["we_1"]) == 20


def test_a_dead_endpoint_holds_up_no_other(world):
    world.listen("we_2")
    world.always["we_1"] = Answer(problem="no answer within 5 s")
    world.scene.sign_up("other")
    both = (NEW, attribution_id(SECRET, "other"))
    for name in ("we_1", "we_2"):
        world.answers["we_2"] = [Answer(500)]
        world.deliver_new(*both, endpoint_id=name)
    world.deliver_due(after=timedelta(minutes=9))
    assert len(world.got["we_2"]) == 6
    assert world.got["we_1"] == []


_SILENCE = Answer(problem="no answer within 5 s", silent=True)


def _sign_up(world, *users):
    for user_id in users:
        world.scene.sign_up(user_id)
    return [attribution_id(SECRET, user_id) for user_id in users]


def test_who_says_nothing_is_not_waited_for_again_until_the_clock_finds_them_back(world):
    first, second, third = _sign_up(world, "one", "two", "three")
    world.always["we_1"] = _SILENCE
    assert world.deliver_new(first) == [Delivered(problem=_SILENCE.problem, silent=True)]
    assert world.deliver_new(second) == []
    # One run a minute finds out, and every time it is silent again.
    world.now += timedelta(minutes=1)
    assert all(one.silent for one in world.deliver_due())
    world.now += timedelta(seconds=90)
    assert world.deliver_new(third) == []
    world.always.clear()
    world.deliver_due(after=timedelta(minutes=6))
    assert len(world.got["we_1"]) == 3
    assert world.endpoint().silent_until is None
    assert world.deliver_new(NEW) == [Delivered(arrived=5)]


def test_who_refuses_is_not_silent_nor_is_who_mostly_answers(world):
    ids = _sign_up(world, "one", "two", "three")
    world.answers["we_1"] = [Answer(500), GOOD, _SILENCE]
    world.deliver_new(*ids)
    assert world.endpoint().silent_until is None


def test_silence_is_forgotten_by_itself(world):
    (one,) = _sign_up(world, "one")
    world.answers["we_1"] = [_SILENCE]
    world.deliver_new(one)
    assert world.endpoint().is_silent(world.now)
    world.now += timedelta(minutes=3)
    assert world.deliver_new(NEW) == [Delivered(arrived=5)]
    assert world.endpoint().silent_until is None


def test_a_referral_that_cannot_be_read_holds_up_no_other(world):
    world.scene.sign_up("other")
    other = attribution_id(SECRET, "other")
    place = keys.attribution(NEW)
    stored = world.table.get(place)
    world.table.write(world.table.put("broken", {**stored, "created_at": "never"}))
    assert world.deliver_new(NEW, other) == [
        Delivered(problem="the referral cannot be read"),
        Delivered(arrived=1),
    ]
    world.table.write(world.table.put("mended", stored))
    assert world.deliver_due(after=timedelta(minutes=1)) == [Delivered(arrived=5)]


def test_nobody_who_is_gone_or_switched_off_is_sent_anything(world):
    assert world.deliver_new(NEW, endpoint_id="we_unknown") == []
    endpoint_health.disable(world.table, "we_1", "gone", NOW)
    assert world.deliver_new(NEW) == []
    assert world.deliver_due() == []


def test_a_sender_without_time_leaves_the_rest_to_the_next_run(world):
    def slow(_event):
        world.table.allow(0)
        return GOOD

    world.answers["we_1"] = [slow]
    assert world.deliver() == Delivered(arrived=1)
    world.table.allow(60)
    assert world.deliver_due() == [Delivered(arrived=4)]
    assert world.types() == _ALL


def test_while_a_booking_moves_nothing_is_sent_and_then_all(world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_move_money", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasure.erase(world.table, SECRET, "new", None, world.scene.programme)
    assert world.deliver() == Delivered()
    erasure.erase(world.table, SECRET, "new", None, world.scene.programme)
    assert world.deliver_due(after=timedelta(minutes=1)) == [Delivered(arrived=5)]


def test_a_transition_while_its_referral_is_sent_is_sent_by_the_same_run(world):
    refund = charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID // 2)

    def meanwhile(_event):
        world.scene.tell(refund)
        # The stream tells another, who finds the referral taken.
        assert world.deliver() == Delivered()
        return GOOD

    world.answers["we_1"] = [GOOD, meanwhile]
    assert world.deliver() == Delivered(arrived=7)
    assert world.types() == [*_ALL, "credits.reversed", "credits.reversed"]


def test_news_name_each_referral_once_for_whoever_wants_it(world):
    world.listen("we_2", frozenset({EventType.REJECTED}))
    world.listen("we_3", since=NOW + timedelta(days=1))
    world.listen("we_4")
    endpoint_health.disable(world.table, "we_4", "gone", NOW)
    assert world.news() == {"we_1": [NEW]}


def test_what_is_no_news_reads_nothing(world, monkeypatch):
    items = [item for item in world.stream() if trail.step_of(item) is None]
    assert items
    with billed(world.table, monkeypatch) as bill:
        assert world.news(items) == {}
    assert bill.trips == 0


def test_a_bus_is_met_once_and_then_costs_what_nobody_listening_costs(world, monkeypatch):
    steps = [step for step in map(trail.step_of, world.stream()) if step]
    webhook_endpoints.delete(world.table, "we_1", NOW)
    with billed(world.table, monkeypatch) as nobody:
        assert news(world.table, steps) == {}
    with billed(world.table, monkeypatch) as first:
        assert news(world.table, steps, NOW) == {"we_bus": [NEW]}
    with billed(world.table, monkeypatch) as then:
        assert news(world.table, steps, NOW) == {"we_bus": [NEW]}
    assert (nobody.reads, nobody.writes, nobody.trips) == (1, 0, 1)
    assert (first.reads, first.writes, first.trips) == (1, 1, 2)
    assert (then.reads, then.writes, then.trips) == (1, 0, 1)


def test_a_bus_that_two_meet_is_one(world):
    met = [
        webhook_endpoints.meet_bus(world.table, first, first)
        for first in (NOW, NOW - timedelta(days=1))
    ]
    assert met[0] == met[1] == webhook_endpoints.known(world.table, "we_bus")
