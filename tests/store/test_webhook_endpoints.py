"""Who listens: kept as told, known by two secrets for a while, switched off once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from referrals.rules.attribution import Status, birth
from referrals.rules.errors import InvalidRequest, NotFound
from referrals.rules.events import BIRTH, EventType, Step
from referrals.store import endpoint_health, webhook_endpoints
from referrals.store.webhook_endpoints import MOST, OVERLAP, Endpoint
from tests.samples import NOW, attribution
from tests.tables import everything, ministack_table

_LATER = NOW + timedelta(hours=1)


def _endpoint(number=1, **changes):
    values = {
        "id": f"we_{number}",
        "url": "https://hooks.example.com/in",
        "types": frozenset({EventType.REWARDED, EventType.GRANTED}),
        "since": NOW,
        "created_at": NOW,
        "salt": "salt",
    }
    return Endpoint(**values | changes)


@pytest.fixture
def table():
    """A table with one endpoint."""
    one = ministack_table()
    webhook_endpoints.create(one, _endpoint())
    return one


def _known(table):
    found = webhook_endpoints.get(table, "we_1")
    assert found is not None
    return found


@pytest.mark.parametrize("types", [frozenset(), frozenset(EventType)])
def test_an_endpoint_survives_the_way_into_the_table_and_back(table, types):
    other = _endpoint(2, types=types, created_at=_LATER)
    webhook_endpoints.create(table, other)
    assert webhook_endpoints.every(table) == (_endpoint(), other)
    assert webhook_endpoints.get(table, "we_2") == other
    assert webhook_endpoints.get(table, "we_3") is None


def test_an_endpoint_hears_what_it_asked_for_and_one_that_asked_for_nothing_hears_all():
    def heard(endpoint, at=NOW):
        entry = replace(birth(attribution()), at=at)
        steps = [Step(BIRTH, replace(entry, to_status=status)) for status in Status]
        return {step.type for step in steps if endpoint.hears(step)}

    assert heard(_endpoint()) == {EventType.REWARDED}
    assert len(heard(_endpoint(types=frozenset()))) == len(Status)
    assert heard(_endpoint(), NOW - timedelta(milliseconds=1)) == set()


def test_there_is_an_end_to_how_many_listen(table):
    for number in range(2, MOST + 1):
        webhook_endpoints.create(table, _endpoint(number))
    with pytest.raises(InvalidRequest):
        webhook_endpoints.create(table, _endpoint(MOST + 1))
    assert len(webhook_endpoints.every(table)) == MOST


def test_what_is_deleted_is_gone_and_comes_back_by_nobodys_note(table):
    seen = _known(table)
    webhook_endpoints.delete(table, "we_1", NOW)
    endpoint_health.note_arrival(table, seen, NOW)
    endpoint_health.disable(table, "we_1", "gone", NOW)
    webhook_endpoints.delete(table, "we_1", NOW)
    assert webhook_endpoints.every(table) == ()
    assert webhook_endpoints.deleted_before(table, NOW) == []
    assert webhook_endpoints.deleted_before(table, _LATER) == ["we_1"]
    webhook_endpoints.cleared(table, "we_1")
    assert everything(table) == []


def test_two_secrets_are_in_force_for_a_day_after_a_rotation(table):
    rotated = webhook_endpoints.rotate(table, "we_1", "new", NOW)
    assert rotated == _known(table)
    assert rotated.salts(NOW) == ("new", "salt")
    assert rotated.salts(NOW + OVERLAP - timedelta(seconds=1)) == ("new", "salt")
    assert rotated.salts(NOW + OVERLAP) == ("new",)


def test_a_rotation_never_ends_a_secret_that_may_be_in_use(table):
    webhook_endpoints.rotate(table, "we_1", "new", NOW)
    repeated = webhook_endpoints.rotate(table, "we_1", "newer", _LATER)
    assert repeated.salts(_LATER) == _known(table).salts(_LATER) == ("new", "salt")
    again = webhook_endpoints.rotate(table, "we_1", "newer", NOW + OVERLAP)
    assert again.salts(NOW + OVERLAP) == ("newer", "new")


def test_of_two_rotations_at_once_both_are_told_the_first(table, monkeypatch):
    stale = [_known(table)]
    webhook_endpoints.rotate(table, "we_1", "first", NOW)
    get = webhook_endpoints.get
    monkeypatch.setattr(webhook_endpoints, "get", lambda *a: stale.pop() if stale else get(*a))
    second = webhook_endpoints.rotate(table, "we_1", "second", NOW)
    assert second.salts(NOW) == ("first", "salt")


def test_nothing_that_does_not_exist_is_rotated(table):
    with pytest.raises(NotFound):
        webhook_endpoints.rotate(table, "we_2", "new", NOW)


def test_the_first_reason_for_which_it_was_switched_off_stays(table):
    assert _known(table).enabled
    endpoint_health.disable(table, "we_1", "gone", NOW)
    endpoint_health.disable(table, "we_1", "failing", _LATER)
    off = _known(table)
    assert not off.enabled
    assert (off.disabled_at, off.disabled_why) == (NOW, "gone")


def test_an_arrival_is_noted_once_an_hour(table):
    one = _known(table)
    endpoint_health.note_arrival(table, one, NOW)
    endpoint_health.note_arrival(table, one, NOW + timedelta(minutes=59))
    assert _known(table).arrived_at == NOW
    endpoint_health.note_arrival(table, one, _LATER)
    assert _known(table).arrived_at == _LATER
