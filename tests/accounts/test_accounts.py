"""Accounts and keys in the hands of staff: plans changed, ledgers read, keys made and revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from referrals.edge import auth
from referrals.rules.errors import NotFound
from referrals.store import api_keys, keys
from tests.functions.client import invoke, request
from tests.tables import everything

AT = datetime(2026, 11, 20, 12, 30, 40, tzinfo=UTC)


@pytest.fixture
def staff(programme, time_is):
    """Calls with the admin's key."""
    time_is(AT)
    return programme.admin


def look(key):
    return request("list_referrals", "GET", "/admin/referrals", key=key)


def plan_of(staff, user_id, **body):
    return staff("change_plan", "POST", f"/admin/accounts/{user_id}/plan", body=body)


def account_of(staff, user_id, **query):
    return staff("get_account", "GET", f"/admin/accounts/{user_id}", query=query)


def test_an_account_shows_plan_use_grants_and_ledger(programme, staff):
    rewarded = programme.rewarded("user-1")
    shown = account_of(staff, "user-1").good
    assert shown["account"] == {
        "user_id": "user-1",
        "plan": "free",
        "overage": False,
        "included_left": 2_000,
        "granted_left": 10_000,
        "granted_spent": 0,
        "overage_used": 0,
        "minute": {"window": "2026-11-20T12:30", "used": 0, "limit": 5},
        "day": {"window": "2026-11-20", "used": 0, "limit": 500},
        "month": {"window": "2026-11", "used": 0, "limit": 2_000},
    }
    (booking,) = shown["ledger"]
    assert booking.pop("at")
    assert booking == {
        "key": rewarded["rewards"][1]["credits_grant_key"],
        "kind": "grant",
        "credits": 10_000,
        "shortfall": 0,
        "attribution_id": rewarded["attribution"]["id"],
    }


def test_a_ledger_is_read_in_pages_each_booking_once(programme, staff):
    for number in range(5):
        programme.rewarded(f"user-{number}")
    pages, cursor = [], None
    while True:
        page = account_of(
            staff, "user-referrer", limit="2", **({"cursor": cursor} if cursor else {})
        ).good
        pages.append([booking["key"] for booking in page["ledger"]])
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert list(map(len, pages)) == [2, 2, 1]
    assert len({key for page in pages for key in page}) == 5


def test_a_cursor_of_another_ledger_is_a_400(programme, staff):
    for number in range(2):
        programme.rewarded(f"user-{number}")
    cursor = account_of(staff, "user-referrer", limit="1").good["next_cursor"]
    assert account_of(staff, "user-1", cursor=cursor).fields == ["cursor"]


def test_a_plan_changes_with_the_next_request(programme, staff):
    key = invoke("create_api_key", {"user_id": "caller", "plan": "free"})["api_key"]
    assert [look(key).status for _ in range(6)] == [200] * 5 + [429]
    changed = plan_of(staff, "caller", plan="starter", overage=True).good
    assert (changed["plan"], changed["overage"], changed["minute"]["used"]) == ("starter", True, 5)
    assert look(key).good
    assert plan_of(staff, "caller", plan="free").good["overage"] is False
    assert look(key).status == 429


def look_by_token(tokens, **claims):
    token = tokens.of("jane", **claims)
    return request("list_referrals", "GET", "/admin/referrals", token=token)


def test_staff_who_sign_in_begin_on_a_plan_that_the_console_does_not_use_up(staff, tokens):
    assert {look_by_token(tokens, role="admin").status for _ in range(20)} == {200}
    account = account_of(staff, "jane").good["account"]
    assert (account["plan"], account["minute"]["used"], account["minute"]["limit"]) == (
        "business",
        20,
        300,
    )


def test_staff_who_were_put_on_a_plan_stay_on_it(staff, tokens):
    plan_of(staff, "jane", plan="starter")
    told = [look_by_token(tokens, role="admin").status for _ in range(16)]
    assert told == [200] * 15 + [429]
    assert account_of(staff, "jane").good["account"]["plan"] == "starter"


def test_staff_on_free_before_they_sign_in_are_not_held_to_its_minute(staff, tokens):
    key = invoke("create_api_key", {"user_id": "jane"})["api_key"]
    assert [look(key).status for _ in range(6)] == [200] * 5 + [429]
    assert look_by_token(tokens, role="admin").good
    assert look(key).good


def test_whose_token_names_no_role_is_put_on_no_plan(staff, tokens, table):
    assert look_by_token(tokens).status == 403
    assert table.get(keys.credits("jane")) is None


@pytest.mark.parametrize("body", [{}, {"plan": "gold"}, {"plan": "pro", "overage": "yes"}])
def test_a_plan_that_is_none_is_a_400_that_changes_nothing(table, staff, body):
    plan_of(staff, "caller", plan="pro")
    before = table.get(keys.credits("caller"))
    assert plan_of(staff, "caller", **body).status == 400
    assert table.get(keys.credits("caller")) == before


def test_a_key_is_shown_once_and_stored_as_its_digest(programme, table):
    made = invoke("create_api_key", {"user_id": "caller", "role": "service", "plan": "growth"})
    assert made["api_key"].startswith("rfk_")
    assert not [item for item in everything(table) if made["api_key"] in repr(item)]
    assert api_keys.find(table, made["api_key"]).role == "service"
    assert table.get(keys.credits("caller"))["plan"] == "growth"


def test_a_key_without_a_plan_leaves_the_accounts_plan(programme, table):
    invoke("create_api_key", {"user_id": "caller", "plan": "growth"})
    invoke("create_api_key", {"user_id": "caller"})
    assert table.get(keys.credits("caller"))["plan"] == "growth"


def test_no_two_keys_are_alike_and_each_carries_160_bits(programme):
    made = {invoke("create_api_key", {"user_id": "caller"})["api_key"] for _ in range(20)}
    assert len(made) == 20
    assert {len(key) for key in made} == {len("rfk_") + 40 + 8}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"user_id": ""},
        {"user_id": "a b"},
        {"user_id": "caller", "role": "root"},
        {"user_id": "caller", "plan": "gold"},
    ],
)
def test_a_key_that_cannot_be_is_refused_and_not_made(programme, table, wanted):
    before = everything(table)
    with pytest.raises(ValidationError):
        invoke("create_api_key", wanted)
    assert everything(table) == before


def test_a_revoked_key_is_refused_at_once_by_a_fresh_process(programme):
    made = invoke("create_api_key", {"user_id": "caller"})
    assert look(made["api_key"]).good
    assert invoke("revoke_api_key", {"user_id": "caller", "id": made["id"]}) == {
        "revoked": made["id"]
    }
    auth._recent_keys.clear()
    assert look(made["api_key"]).status == 401


def test_a_revoked_key_is_refused_within_a_minute_by_a_process_that_knew_it(programme, monkeypatch):
    made = invoke("create_api_key", {"user_id": "caller"})
    assert look(made["api_key"]).good
    invoke("revoke_api_key", {"user_id": "caller", "id": made["id"]})
    later = auth.time.monotonic() + 60
    monkeypatch.setattr(auth.time, "monotonic", lambda: later)
    assert look(made["api_key"]).status == 401


def test_revoking_again_keeps_the_first_time(programme, table, time_is):
    made = invoke("create_api_key", {"user_id": "caller"})
    for at in (AT, AT + timedelta(days=1)):
        time_is(at)
        invoke("revoke_api_key", {"user_id": "caller", "id": made["id"]})
    assert api_keys.find(table, made["api_key"]).revoked_at == AT


def test_another_users_key_cannot_be_revoked_by_its_id(programme, table):
    made = invoke("create_api_key", {"user_id": "caller"})
    with pytest.raises(NotFound):
        invoke("revoke_api_key", {"user_id": "another", "id": made["id"]})
    assert api_keys.find(table, made["api_key"]).revoked_at is None


def test_the_day_of_a_keys_last_use_is_kept(programme, table, time_is):
    made = invoke("create_api_key", {"user_id": "caller", "plan": "pro"})
    assert api_keys.find(table, made["api_key"]).last_used_on is None
    for day in (AT, AT + timedelta(hours=3), AT + timedelta(days=1)):
        time_is(day)
        auth._recent_keys.clear()
        look(made["api_key"])
        assert api_keys.find(table, made["api_key"]).last_used_on == f"{day:%Y-%m-%d}"
