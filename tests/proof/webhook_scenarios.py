"""The conditions of events out: one sender at a time, nothing noted that did not arrive."""

from datetime import timedelta

import pytest

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.rules.errors import NotFound
from referrals.rules.events import NOWHERE, Place
from referrals.store import deliveries, endpoint_health, feed, webhook_endpoints
from referrals.store.deliveries import CLAIM, Delivery, Lost
from referrals.store.feed import News, Slot
from referrals.store.webhook_endpoints import Endpoint
from tests.proof.scenarios import scenario
from tests.proof.stage import Stage
from tests.samples import NOW, attribution

_ID = attribution().id
_FIRST, _SECOND, _THIRD = Place(1, 0), Place(2, 1), Place(2, 2)
_SOON = NOW + timedelta(seconds=1)
_LATE = NOW + CLAIM + timedelta(seconds=1)
_AGAIN = NOW + timedelta(minutes=5)


def _listening(stage: Stage) -> Table:
    table = stage.table()
    webhook_endpoints.create(table, _endpoint())
    return table


def _endpoint(salt: str = "salt") -> Endpoint:
    return Endpoint(
        id="we_1",
        url="https://hooks.example.com/",
        types=frozenset(),
        since=NOW,
        created_at=NOW,
        salt=salt,
    )


@scenario
def an_endpoint_that_is_known_is_not_replaced(stage: Stage) -> None:
    table = _listening(stage)
    with pytest.raises(Refused):
        webhook_endpoints.create(table, _endpoint("another"))
    assert webhook_endpoints.known(table, "we_1").salt == "salt"


@scenario
def of_two_rotations_at_once_the_first_is_shown_to_both(stage: Stage) -> None:
    table = _listening(stage)
    first = lambda: webhook_endpoints.rotate(table, "we_1", "first", NOW)  # noqa: E731
    stage.just_before("UpdateItem", "WEBHOOKS", first)
    second = webhook_endpoints.rotate(table, "we_1", "second", NOW)
    assert second.salts(NOW) == ("first", "salt")


@scenario
def an_endpoint_that_was_deleted_comes_back_by_nobodys_note(stage: Stage) -> None:
    table = _listening(stage)
    known = webhook_endpoints.known(table, "we_1")
    webhook_endpoints.delete(table, "we_1", NOW)
    endpoint_health.note_arrival(table, known, NOW)
    endpoint_health.fell_silent(table, "we_1", _LATE)
    assert webhook_endpoints.every(table) == ()
    endpoint_health.is_back(table, "we_1")
    assert not endpoint_health.disable(table, "we_1", "gone", NOW)
    with pytest.raises(NotFound):
        webhook_endpoints.listen_from(table, "we_1", NOW - timedelta(days=1))
    assert webhook_endpoints.every(table) == ()


@scenario
def the_first_reason_of_a_switch_off_stays(stage: Stage) -> None:
    table = _listening(stage)
    assert endpoint_health.disable(table, "we_1", "gone", NOW)
    assert not endpoint_health.disable(table, "we_1", "failing", _LATE)
    assert webhook_endpoints.known(table, "we_1").disabled_why == "gone"


@scenario
def a_replay_makes_an_endpoint_hear_no_less(stage: Stage) -> None:
    table = _listening(stage)
    webhook_endpoints.listen_from(table, "we_1", NOW + timedelta(days=1))
    assert webhook_endpoints.known(table, "we_1").since == NOW


def _claim(table: Table, holder: str = "me", at: object = NOW) -> Delivery | None:
    return deliveries.claim(table, "we_1", _ID, holder, at)  # type: ignore[arg-type]


def _held(table: Table, holder: str = "me", at: object = NOW) -> Delivery:
    held = _claim(table, holder, at)
    assert held is not None
    return held


def _due(table: Table, at: object) -> list[str]:
    return list(deliveries.due(table, "we_1", at))  # type: ignore[arg-type]


@scenario
def one_sender_at_a_time_has_a_referral(stage: Stage) -> None:
    table = stage.table()
    _held(table)
    _held(table, at=_SOON)
    assert _claim(table, "another", _SOON) is None
    _held(table, "another", NOW + 2 * CLAIM)


@scenario
def a_sender_that_let_go_just_now_is_followed_by_the_next(stage: Stage) -> None:
    table = stage.table()
    held = _held(table)
    done = lambda: deliveries.finished(table, held, _FIRST, NOW)  # noqa: E731
    stage.just_before("UpdateItem", _ID, lambda: None)
    stage.just_before("GetItem", _ID, lambda: None)
    # Between the look at who has it and the word that is left for them.
    stage.just_before("GetItem", _ID, lambda: stage.just_before("UpdateItem", _ID, done))
    assert _held(table, "another", _SOON).sent == _FIRST


@scenario
def what_waits_for_its_next_try_is_left_until_then(stage: Stage) -> None:
    table = stage.table()
    deliveries.failed(table, _held(table), "answered 500", NOW, _AGAIN)
    assert _claim(table, "another", _SOON) is None
    assert _held(table, "another", _AGAIN).tries == 1


@scenario
def a_sender_who_was_too_slow_notes_nothing(stage: Stage) -> None:
    table = stage.table()
    slow = _held(table)
    _held(table, "another", _LATE)
    for note in (
        lambda: deliveries.arrived(table, slow, _FIRST, _LATE),
        lambda: deliveries.finished(table, slow, _FIRST, _LATE),
        lambda: deliveries.failed(table, slow, "answered 500", _LATE, _AGAIN),
        lambda: deliveries.postponed(table, slow, _AGAIN),
        lambda: deliveries.given_up(table, slow, "answered 500", _LATE),
    ):
        with pytest.raises(Lost):
            note()
    found = deliveries.get(table, "we_1", _ID)
    assert found is not None
    assert (found.holder, found.sent) == ("another", NOWHERE)


@scenario
def a_note_that_comes_late_takes_nothing_back(stage: Stage) -> None:
    table = stage.table()
    held = deliveries.arrived(table, _held(table), _FIRST, NOW)
    held = deliveries.arrived(table, held, _THIRD, NOW)
    with pytest.raises(Lost):
        deliveries.arrived(table, held, _SECOND, NOW)
    with pytest.raises(Lost):
        deliveries.finished(table, held, _SECOND, NOW)
    assert deliveries.finished(table, held, _THIRD, NOW) is None


@scenario
def a_sender_hears_that_there_is_more_before_it_lets_go(stage: Stage) -> None:
    table = stage.table()
    held = _held(table)
    assert _claim(table, "another", _SOON) is None
    more = deliveries.finished(table, held, _FIRST, _SOON)
    assert more is not None
    assert deliveries.finished(table, more, _SECOND, _SOON) is None


@scenario
def what_is_put_off_is_looked_at_by_somebody(stage: Stage) -> None:
    table = stage.table()
    minute = NOW + timedelta(minutes=1)
    deliveries.put_off(table, "we_1", _ID, NOW, minute)
    assert (_due(table, NOW), _due(table, minute)) == ([], [_ID])
    held = _held(table, at=minute)
    # Its holder sees to it.
    deliveries.put_off(table, "we_1", _ID, minute, minute + CLAIM)
    assert deliveries.finished(table, held, _FIRST, minute) is not None


@scenario
def what_a_dead_sender_had_is_put_off_all_the_same(stage: Stage) -> None:
    table = stage.table()
    _held(table)
    deliveries.put_off(table, "we_1", _ID, _LATE, _AGAIN)
    assert _due(table, _AGAIN) == [_ID]


@scenario
def a_receivers_wish_to_wait_is_kept(stage: Stage) -> None:
    table = stage.table()
    deliveries.failed(table, _held(table), "answered 429", NOW, _AGAIN)
    deliveries.put_off(table, "we_1", _ID, _SOON, _SOON)
    assert _due(table, _SOON) == []


@scenario
def what_was_given_up_is_looked_at_again_with_the_next_news(stage: Stage) -> None:
    table = stage.table()
    deliveries.given_up(table, _held(table), "answered 500", NOW)
    assert _due(table, _AGAIN) == []
    deliveries.put_off(table, "we_1", _ID, _SOON, _AGAIN)
    assert _due(table, _AGAIN) == [_ID]


@scenario
def a_replay_skips_nothing_that_had_not_come(stage: Stage) -> None:
    table = stage.table()
    deliveries.finished(table, _held(table), _FIRST, NOW)
    deliveries.rewound(table, "we_1", _ID, _SECOND, NOW)
    found = deliveries.get(table, "we_1", _ID)
    assert found is not None
    assert found.sent == _FIRST
    deliveries.rewound(table, "we_1", _ID, NOWHERE, NOW)
    found = deliveries.get(table, "we_1", _ID)
    assert found is not None
    assert found.sent == NOWHERE


@scenario
def a_place_in_the_order_is_taken_once(stage: Stage) -> None:
    table = stage.table()
    first, second = (Slot(1, (News(_ID, (one,), one),)) for one in (_FIRST, _SECOND))
    assert feed.append(table, "we_1", first)
    assert not feed.append(table, "we_1", second)
    assert feed.last(table, "we_1") == first


@scenario
def a_note_of_the_order_that_comes_late_takes_nothing_back(stage: Stage) -> None:
    table = stage.table()
    for place in (_FIRST, _THIRD, _SECOND):
        deliveries.reached(table, "we_1", _ID, place, NOW)
    found = deliveries.get(table, "we_1", _ID)
    assert found is not None
    assert found.sent == _THIRD


@scenario
def what_came_to_be_due_since_is_not_seen_to(stage: Stage) -> None:
    table = stage.table()
    deliveries.put_off(table, "we_1", _ID, NOW, _AGAIN)
    deliveries.seen_to(table, "we_1", _ID, _SOON)
    assert _due(table, _AGAIN) == [_ID]
    deliveries.seen_to(table, "we_1", _ID, _AGAIN)
    assert _due(table, _AGAIN) == []
