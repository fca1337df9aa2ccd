"""Events out: every step has a name and an id of its own, which no replay changes."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.attribution import AuditEntry, LedgerEntry, Status, birth
from referrals.rules.events import BIRTH, NOWHERE, EventType, Place, Step, event_of
from tests.samples import NOW, attribution

_ID = attribution().id
_REFERRAL = {"attribution": {"id": _ID, "status": "rewarded"}, "rewards": []}

_places = st.builds(Place, st.integers(1, 10**6), st.integers(0, 9))
_entries = st.one_of(
    st.builds(
        AuditEntry,
        at=st.just(NOW),
        by=st.text(),
        from_status=st.none() | st.sampled_from(Status),
        to_status=st.sampled_from(Status),
        why=st.text(),
    ),
    st.builds(
        LedgerEntry,
        key=st.text(min_size=1),
        user_id=st.text(min_size=1),
        credits=st.integers(-(10**8), 10**8),
        kind=st.sampled_from(["grant", "reversal", "reinstatement"]),
        attribution_id=st.just(_ID),
        at=st.just(NOW),
        shortfall=st.integers(0, 10**8),
    ),
)
_steps = st.builds(Step, _places, _entries)


@given(st.lists(_steps, unique_by=lambda step: step.place, min_size=2))
def test_no_two_steps_share_an_id(steps):
    assert len({event_of(_ID, step, 1, {}).id for step in steps}) == len(steps)


@given(_steps)
def test_an_id_follows_from_the_step_whatever_the_referral_has_come_to(step):
    assert event_of(_ID, step, 1, _REFERRAL).id == event_of(_ID, step, 1, {"attribution": {}}).id


@given(_steps)
def test_an_id_fits_what_is_signed(step):
    other = "attr_ffffffffffffffffffffffff"
    found = event_of(_ID, step, 1, {}).id
    assert found.isascii()
    assert not {".", " "} & set(found)
    assert event_of(other, step, 1, {}).id != found


@given(_steps)
def test_a_body_is_what_the_standard_recommends_and_a_sequence(step):
    event = event_of(_ID, step, 7, _REFERRAL)
    told = json.loads(event.body())
    assert list(told) == ["type", "timestamp", "sequence", "data"]
    assert told["type"] == step.type
    assert told["timestamp"] == "2026-11-20T12:00:00.000Z"
    assert told["sequence"] == 7
    assert told["data"].items() >= _REFERRAL.items()
    assert event_of(_ID, step, 7, _REFERRAL).body() == event.body()


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_name_outside(status):
    entry = replace(birth(attribution()), from_status=Status.QUALIFIED, to_status=status)
    told = json.loads(event_of(_ID, Step(Place(2, 1), entry), 2, {}).body())
    assert told["type"] == f"referral.{status}"
    assert told["data"]["transition"] == {
        "from_status": "qualified",
        "to_status": status.value,
        "by": "",
        "why": "signup",
    }


def test_a_birth_comes_from_nowhere():
    later = attribution(status=Status.REWARDED, created_at=NOW - timedelta(days=3))
    event = event_of(_ID, Step(BIRTH, birth(later)), 1, {})
    assert (event.type, event.at) == (EventType.ATTRIBUTED, NOW - timedelta(days=3))
    assert "from_status" not in event.data["transition"]
    assert NOWHERE < BIRTH


def test_a_booking_tells_what_was_booked():
    entry = LedgerEntry(
        key="reversal:reward_1_referred",
        user_id="new",
        credits=-4_000,
        kind="reversal",
        attribution_id=_ID,
        at=NOW,
        shortfall=6_000,
    )
    event = event_of(_ID, Step(Place(4, 2), entry), 9, {})
    assert event.type == "credits.reversed"
    assert event.data["booking"] == {
        "key": "reversal:reward_1_referred",
        "user_id": "new",
        "credits": -4_000,
        "kind": "reversal",
        "shortfall": 6_000,
    }
