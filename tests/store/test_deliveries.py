"""Deliveries: one sender at a time, each event noted once, nothing left lying."""

from datetime import timedelta

import pytest

from referrals.rules.events import NOWHERE, Place
from referrals.store import deliveries
from referrals.store.deliveries import CLAIM, Lost
from tests.samples import NOW, attribution
from tests.store.bill import billed
from tests.tables import ministack_table

_ID = attribution().id
_OTHER = "attr_ffffffffffffffffffffffff"
_FIRST, _SECOND = Place(1, 0), Place(2, 1)
_SOON = NOW + timedelta(seconds=1)
_LATE = NOW + CLAIM + timedelta(seconds=1)
_AGAIN = NOW + timedelta(minutes=5)


@pytest.fixture
def table():
    return ministack_table()


def _claim(table, holder="me", at=NOW, attribution_id=_ID, endpoint_id="we_1"):
    return deliveries.claim(table, endpoint_id, attribution_id, holder, at)


def _held(table, **claimed):
    held = _claim(table, **claimed)
    assert held is not None
    return held


def _due(table, at, endpoint_id="we_1"):
    return list(deliveries.due(table, endpoint_id, at))


def _known(table):
    found = deliveries.get(table, "we_1", _ID)
    assert found is not None
    return found


def test_what_was_never_sent_begins_before_every_step(table):
    assert deliveries.get(table, "we_1", _ID) is None
    held = _held(table)
    assert (held.sent, held.tries, held.endpoint_id) == (NOWHERE, 0, "we_1")
    assert held == _known(table)


def test_one_sender_at_a_time_has_a_referral_at_an_endpoint(table):
    _held(table, holder="one")
    assert _claim(table, holder="two", at=_SOON) is None
    assert _claim(table, holder="two", attribution_id=_OTHER) is not None
    assert _claim(table, holder="two", endpoint_id="we_2") is not None


def test_a_claim_that_is_repeated_for_its_lost_answer_holds(table):
    _held(table)
    assert _held(table, at=_SOON).holder == "me"
    assert deliveries.finished(table, _known(table), _FIRST, _SOON) is None


def test_what_arrived_is_where_the_next_sender_goes_on(table):
    held = deliveries.arrived(table, _held(table), _FIRST, NOW)
    assert deliveries.finished(table, held, _SECOND, NOW) is None
    assert _held(table, holder="another", at=_SOON).sent == _SECOND


def test_an_event_that_arrives_at_once_costs_two_write_units_and_no_index(table, monkeypatch):
    with billed(table, monkeypatch) as bill:
        deliveries.finished(table, _held(table), _FIRST, NOW)
    assert (bill.writes, bill.index_writes, bill.reads) == (2, 0, 0)


def test_a_sender_hears_that_there_is_more_before_it_lets_go(table):
    held = _held(table, holder="one")
    assert _claim(table, holder="two", at=_SOON) is None
    still = deliveries.finished(table, held, _FIRST, _SOON)
    assert still is not None
    assert still.sent == _FIRST
    assert deliveries.finished(table, still, _SECOND, _SOON) is None
    assert _known(table).sent == _SECOND
    assert _due(table, _LATE) == []


def test_what_is_new_is_found_where_its_sender_has_died(table):
    _held(table, holder="dead")
    assert _claim(table, holder="two", at=_SOON) is None
    assert _due(table, _SOON) == []
    assert _due(table, _LATE) == [_ID]
    assert _held(table, holder="three", at=_LATE).sent == NOWHERE


@pytest.mark.parametrize(
    "note",
    [
        lambda table, held: deliveries.arrived(table, held, _FIRST, _LATE),
        lambda table, held: deliveries.finished(table, held, _FIRST, _LATE),
        lambda table, held: deliveries.failed(table, held, "late", _LATE, _LATE),
        lambda table, held: deliveries.given_up(table, held, "late", _LATE),
    ],
)
def test_who_was_too_slow_can_note_nothing_any_more(table, note):
    slow = _held(table, holder="slow")
    quick = _held(table, holder="quick", at=_LATE)
    deliveries.finished(table, quick, _SECOND, _LATE)
    before = _known(table)
    with pytest.raises(Lost):
        note(table, slow)
    assert _known(table) == before


def test_a_later_event_waits_for_the_next_try_of_an_earlier_one(table):
    deliveries.failed(table, _held(table), "answered 500", NOW, _AGAIN)
    assert _claim(table, holder="two", at=_SOON) is None
    assert _due(table, _SOON) == []
    assert _due(table, _AGAIN) == [_ID]
    held = _held(table, holder="two", at=_AGAIN)
    assert (held.sent, held.tries, held.problem) == (NOWHERE, 1, "answered 500")


def test_failures_are_counted_from_the_first_and_forgotten_when_it_arrives(table):
    deliveries.failed(table, _held(table), "answered 500", NOW, _AGAIN)
    held = _held(table, holder="two", at=_AGAIN)
    deliveries.failed(table, held, "answered 503", _AGAIN, _AGAIN)
    held = _held(table, holder="three", at=_AGAIN)
    assert (held.tries, held.failing_since, held.problem) == (2, NOW, "answered 503")
    deliveries.finished(table, held, _FIRST, _AGAIN)
    after = _known(table)
    assert (after.tries, after.failing_since, after.problem) == (0, None, None)
    assert _due(table, _LATE + timedelta(days=1)) == []


def test_what_is_given_up_waits_for_nobody_and_is_still_the_next(table):
    deliveries.failed(table, _held(table), "answered 500", NOW, _AGAIN)
    deliveries.given_up(table, _held(table, at=_AGAIN), "answered 500", _AGAIN)
    assert _due(table, _AGAIN + timedelta(days=9)) == []
    held = _held(table, holder="later", at=_AGAIN)
    assert (held.sent, held.tries, held.failing_since) == (NOWHERE, 0, NOW)


def test_an_endpoint_that_fails_has_its_own_list(table):
    for one in (_ID, _OTHER):
        deliveries.failed(table, _held(table, attribution_id=one), "no", NOW, _AGAIN)
    deliveries.failed(table, _held(table, endpoint_id="we_2"), "no", NOW, _AGAIN)
    assert sorted(_due(table, _AGAIN)) == sorted([_ID, _OTHER])
    assert _due(table, _AGAIN, "we_2") == [_ID]
    assert _due(table, _AGAIN, "we_3") == []
