"""POST /admin/codes/{code}/disable and …/enable: who may be referred by it, decided by staff."""

from datetime import UTC, datetime

import pytest

from referrals.acts import disabling
from referrals.acts.erasure import erase
from referrals.edge.clock import now
from referrals.rules.attribution import Actor
from referrals.rules.errors import StateConflict
from referrals.rules.programme import Programme
from referrals.store import codes, keys
from tests.functions.conftest import HASHING_SECRET
from tests.functions.running import CODE, REFERRER
from tests.store.side_by_side import at_once


def account(programme):
    return programme.admin("get_account", "GET", f"/admin/accounts/{REFERRER}").good


def test_a_disabled_code_attributes_nobody_and_keeps_whom_it_attributed(programme):
    click = programme.click().good["click_id"]
    first = programme.signup("user-first").good
    assert programme.disable().good["disabled"]
    for told in ({"code": CODE}, {"click_id": click}):
        refused = programme.signup("user-late", **told)
        assert (refused.status, refused.fields) == (400, ["code"])
    assert programme.signup("user-first").good == first


def test_an_enabled_code_attributes_again(programme):
    click = programme.click().good["click_id"]
    programme.disable()
    assert not programme.enable().good["disabled"]
    assert programme.signup("user-by-code").good["referrer_user_id"] == REFERRER
    assert programme.signup("user-by-click", click_id=click).good["referrer_user_id"] == REFERRER
    me = codes.get(programme.table, CODE)
    assert (me.user_id, me.disabled) == (REFERRER, False)


def test_clicks_are_refused_once_the_code_is_no_longer_remembered(programme):
    assert programme.click().good
    programme.disable()
    codes._recent.clear()
    assert programme.click().fields == ["code"]
    programme.enable()
    codes._recent.clear()
    assert programme.click().good


def test_who_decided_when_and_why_is_told_newest_first(programme, time_is):
    at = time_is(datetime(2026, 11, 20, 12, tzinfo=UTC))
    programme.disable(body={"reason": "one address"})
    time_is(at.replace(hour=13))
    told = programme.enable(body={"reason": "a school class"}).good
    assert told["decisions"] == [
        {
            "at": "2026-11-20T13:00:00.000Z",
            "by": "admin-user",
            "disabled": False,
            "why": "a school class",
        },
        {
            "at": "2026-11-20T12:00:00.000Z",
            "by": "admin-user",
            "disabled": True,
            "why": "one address",
        },
    ]
    assert (told["code"], told["user_id"]) == (CODE, REFERRER)
    assert account(programme)["code"] == told


def test_only_the_last_twenty_decisions_are_told(programme):
    for _ in range(11):
        programme.disable()
        programme.enable()
    told = programme.disable(body={"reason": "the last"}).good["decisions"]
    assert account(programme)["code"]["decisions"] == told[:20]
    assert told[0]["why"] == "the last"


def test_again_is_the_same_answer_and_changes_nothing(programme, untouched):
    for decide in (programme.disable, programme.enable):
        first = decide(body={"reason": "seen"}).good
        with untouched():
            assert decide(body={"reason": "another"}).good == first


def test_a_code_that_was_never_disabled_is_enabled_already(programme, untouched):
    with untouched():
        assert programme.enable().good["decisions"] == []


def test_a_code_is_named_in_either_case(programme):
    assert programme.disable(CODE.lower()).good["code"] == CODE


@pytest.mark.parametrize("code", ["ZZZZZZZZZZZZ", "short", "%20", "A1B2C3D4E5F6X", "%00"])
def test_an_unknown_code_is_a_404(programme, untouched, code):
    with untouched():
        assert programme.disable(code).status == 404
        assert programme.enable(code).status == 404


def test_the_code_of_an_erased_user_stays_disabled(programme, table, untouched):
    programme.disable()
    erase(table, HASHING_SECRET.encode(), REFERRER, None, Programme())
    with untouched():
        refused = programme.enable()
        assert (refused.status, refused.data["status"]) == (409, "erased")
        assert programme.disable().good["user_id"].startswith("erased_")


def test_a_reason_that_is_too_long_is_a_400(programme, untouched):
    with untouched():
        assert programme.disable(body={"reason": "x" * 501}).fields == ["reason"]


def test_an_account_without_a_code_has_none(programme):
    path = "/admin/accounts/member-user"
    assert "code" not in programme.admin("get_account", "GET", path).good


def test_of_many_who_disable_and_enable_at_once_each_is_answered_and_the_marks_agree(programme):
    def act(decide, name):
        def one():
            try:
                return decide(programme.table, CODE, Actor(name=name, at=now())).code.disabled
            except StateConflict as conflict:
                return conflict.state

        return one

    acts = [act(one, f"{n}") for n in range(4) for one in (disabling.disable, disabling.enable)]
    assert set(at_once(acts)) <= {True, False, "disabled", "enabled"}
    stands = codes.get(programme.table, CODE).disabled
    marks = {
        "disabled" in (programme.table.get(keys.referrer_counts(CODE, shard)) or {})
        for shard in range(keys.SHARDS)
    }
    assert marks == {stands}
    trail = codes.standing(programme.table, CODE)
    assert len(trail.decided) == trail.changes
    assert not trail.decided or trail.decided[0].disabled == stands
