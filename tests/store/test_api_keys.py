"""API keys: found by their digest alone, revoked for good."""

from datetime import timedelta
from functools import partial

import pytest

from referrals.dynamodb.parts import Refused
from referrals.rules.errors import NotFound
from referrals.store import api_keys
from referrals.store.api_keys import ApiKey
from tests.samples import NOW
from tests.store.side_by_side import at_once
from tests.tables import everything

_SECRET = "rk_live_secret"
_KEY = ApiKey(id="key_1", user_id="ann", role="admin", created_at=NOW)


def test_a_key_is_found_by_its_secret_and_by_nothing_like_it(table):
    api_keys.create(table, _SECRET, _KEY)
    assert api_keys.find(table, _SECRET) == _KEY
    for other in ("", _SECRET.upper(), _SECRET + " ", api_keys.digest(_SECRET)):
        assert api_keys.find(table, other) is None


def test_the_secret_itself_is_nowhere_in_the_table(table):
    api_keys.create(table, _SECRET, _KEY)
    assert _SECRET not in str(everything(table))


def test_a_secret_belongs_to_one_key(table):
    api_keys.create(table, _SECRET, _KEY)
    with pytest.raises(Refused):
        api_keys.create(table, _SECRET, ApiKey(id="k", user_id="bob", role="x", created_at=NOW))
    assert api_keys.find(table, _SECRET) == _KEY


def test_a_revocation_is_for_good_and_keeps_its_first_time(table):
    api_keys.create(table, _SECRET, _KEY)
    times = [NOW + timedelta(minutes=minute) for minute in range(5)]
    api_keys.revoke(table, "ann", "key_1", times[0])
    at_once([partial(api_keys.revoke, table, "ann", "key_1", at) for at in times])
    assert api_keys.find(table, _SECRET).revoked_at == times[0]


@pytest.mark.parametrize(("user_id", "key_id"), [("bob", "key_1"), ("ann", "key_2")])
def test_only_a_key_of_the_named_owner_is_revoked(table, user_id, key_id):
    api_keys.create(table, _SECRET, _KEY)
    with pytest.raises(NotFound):
        api_keys.revoke(table, user_id, key_id, NOW)
    assert api_keys.find(table, _SECRET).revoked_at is None


def test_the_day_of_use_is_written_once_a_day(table):
    api_keys.create(table, _SECRET, _KEY)
    api_keys.note_use(table, _SECRET, _KEY, NOW)
    used = api_keys.find(table, _SECRET)
    assert used.last_used_on == "2026-11-20"
    before = everything(table)
    api_keys.note_use(table, _SECRET, used, NOW + timedelta(hours=3))
    assert everything(table) == before
    api_keys.note_use(table, _SECRET, used, NOW + timedelta(days=1))
    assert api_keys.find(table, _SECRET).last_used_on == "2026-11-21"
