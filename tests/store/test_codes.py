"""Codes: each user has one, each code one owner."""

from functools import partial

import pytest

from referrals.store import codes
from referrals.store.codes import Code, CodeTaken
from referrals.views.members import code_of
from tests.store.side_by_side import at_once
from tests.tables import everything


def test_a_code_leads_to_its_owner_and_back(table):
    assert codes.create(table, "ann", "A1B2C3D4E5F6") == "A1B2C3D4E5F6"
    assert codes.get(table, "A1B2C3D4E5F6") == Code("A1B2C3D4E5F6", "ann")
    assert codes.of_user(table, "ann") == "A1B2C3D4E5F6"


def test_nobody_owns_an_unknown_code_and_a_new_user_has_none(table):
    assert codes.get(table, "A1B2C3D4E5F6") is None
    assert codes.get_recent(table, "A1B2C3D4E5F6") is None
    assert codes.of_user(table, "ann") is None


def test_a_second_code_of_one_user_is_the_first(table):
    codes.create(table, "ann", "A1B2C3D4E5F6")
    before = everything(table)
    assert codes.create(table, "ann", "B1B2C3D4E5F6") == "A1B2C3D4E5F6"
    assert everything(table) == before


def test_a_code_of_another_user_is_taken(table):
    codes.create(table, "ann", "A1B2C3D4E5F6")
    with pytest.raises(CodeTaken):
        codes.create(table, "bob", "A1B2C3D4E5F6")
    assert codes.of_user(table, "bob") is None


def test_a_new_code_is_drawn_until_one_is_free(table):
    codes.create(table, "ann", "A1B2C3D4E5F6")
    drawn = iter(["A1B2C3D4E5F6", "B1B2C3D4E5F6"])
    assert code_of(table, b"secret", "bob", lambda: next(drawn), None) == "B1B2C3D4E5F6"


def test_a_user_who_asks_many_times_at_once_has_one_code(table):
    letters = "ABCDEFGH"
    acts = [partial(code_of, table, b"secret", "ann", lambda n=n: n * 12, "hash") for n in letters]
    assert set(at_once(acts)) == {codes.of_user(table, "ann")}
    owned = [item for item in everything(table) if item["pk"].startswith("CODE#")]
    assert len(owned) == 1


def test_users_who_draw_one_code_at_once_end_with_one_each(table):
    acts = []
    for user in ("ann", "bob", "cid", "dee"):
        drawn = iter(["SAMESAMESAME", *[f"{user.upper()}00000000{n}" for n in range(4)]])
        acts.append(partial(code_of, table, b"secret", user, partial(next, drawn), None))
    answers = at_once(acts)
    assert len(set(answers)) == 4
    assert "SAMESAMESAME" in answers
