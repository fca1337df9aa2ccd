"""What a request is told of its account, and what it costs: a credit for a 2xx, else nothing."""

import re
from datetime import UTC, datetime

import pytest

from referrals.rules.plans import PLANS
from referrals.store import keys
from tests.functions.client import invoke, request
from tests.functions.running import CODE
from tests.tables import scanned

AT = datetime(2026, 11, 20, 12, 30, 40, tzinfo=UTC)
CREDITS = ("RateLimit", "RateLimit-Policy", "X-Credits-Charged", "X-Credits-Remaining")


@pytest.fixture(autouse=True)
def at_half_past_twelve(time_is):
    time_is(AT)


@pytest.fixture
def caller(programme):
    """Makes a key of a user on a plan."""

    def make(user_id="caller", role="admin", **wanted):
        return invoke("create_api_key", {"user_id": user_id, "role": role, **wanted})["api_key"]

    return make


@pytest.fixture
def account(table):
    """The CREDITS item of a user."""
    return lambda user_id="caller": table.get(keys.credits(user_id))


def look(key, **query):
    return request("list_referrals", "GET", "/admin/referrals", key=key, query=query)


def use(table, **counted):
    """The caller has used this much in the windows of now."""
    windows = {"minute": "2026-11-20T12:30", "day": "2026-11-20", "month": "2026-11"}
    key = keys.credits("caller")
    stood = table.get(key) or {"pk": key.pk, "sk": key.sk}
    counters = dict.fromkeys(("minute_used", "day_used", "included_used"), 0)
    table.write(table.put("used", {**stood, **windows, **counters, **counted}))


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_an_answer_tells_the_plans_limits_and_what_is_left(caller, plan):
    headers = look(caller(plan=plan.name)).headers
    minute = f'"minute";q={plan.per_minute};w=60', f'"minute";r={plan.per_minute - 1};t=20'
    day = (
        (f', "day";q={plan.daily_cap};w=86400', f', "day";r={plan.daily_cap - 1};t=41360')
        if plan.daily_cap
        else ("", "")
    )
    assert {name: headers[name] for name in CREDITS} == {
        "RateLimit-Policy": minute[0] + day[0],
        "RateLimit": minute[1] + day[1],
        "X-Credits-Charged": "1",
        "X-Credits-Remaining": str(plan.included - 1),
    }


def test_granted_credits_are_among_those_remaining(caller, table):
    key = caller(plan="pro")
    use(table, included_used=399_990, balance=700)
    assert look(key).headers["X-Credits-Remaining"] == "709"


@pytest.mark.parametrize(
    ("used", "told", "wait"),
    [
        ({"minute_used": 15}, "rate limit of 15 a minute exceeded", 20),
        ({"day_used": 5_000}, "daily cap of 5000 exceeded", 41_360),
        ({"included_used": 20_000}, "monthly credits are used up and overage is off", 905_360),
    ],
    ids=["minute", "day", "month"],
)
def test_a_429_names_the_limit_and_the_end_of_its_window(caller, table, account, used, told, wait):
    key = caller(plan="starter")
    use(table, **used)
    before = account()
    answer = look(key)
    assert answer.status == 429
    assert answer.body["msg"] == told
    assert answer.headers["Retry-After"] == str(wait)
    assert '"minute";q=15;w=60' in answer.headers["RateLimit-Policy"]
    assert answer.headers["X-Credits-Charged"] == "0"
    assert answer.data == {"request_id": answer.request_id, "retry_after": wait}
    assert account() == before


REFUSED = {
    400: lambda key, _: look(key, limit="0"),
    401: lambda _, __: look("rfk_garbage"),
    404: lambda key, _: request("get_referral", "GET", "/admin/referrals/nobody", key=key),
    409: lambda key, decided: request(
        "approve_referral", "POST", f"/admin/referrals/{decided}/approve", key=key
    ),
    413: lambda key, _: request(
        "capture_click", "POST", "/referrals/click", key=key, body={"code": "x" * 20_000}
    ),
}


def test_a_click_is_paid_with_included_credits_alone(programme, caller, table, account):
    key = caller(plan="pro")
    use(table, included_used=399_999, balance=5, spent=0, granted_used=0)
    click = {"key": key, "body": {"code": CODE}}
    for charged in ("1", "0", "0"):
        answer = request("capture_click", "POST", "/referrals/click", **click)
        assert answer.good
        assert answer.headers["X-Credits-Charged"] == charged
    assert (account()["included_used"], account()["balance"]) == (400_000, 5)


def test_a_click_with_a_key_that_nothing_pays_is_refused(programme, caller, table):
    key = caller(plan="free")
    use(table, included_used=2_000, balance=0)
    answer = request("capture_click", "POST", "/referrals/click", key=key, body={"code": CODE})
    assert answer.status == 429


@pytest.mark.parametrize("status", REFUSED)
def test_a_refused_request_costs_nothing(programme, caller, table, account, status):
    decided = programme.rewarded("user-rewarded")["attribution"]["id"]
    key = caller(plan="pro")
    use(table, included_used=400_000, balance=5, spent=0, granted_used=0)
    before = account()
    answer = REFUSED[status](key, decided)
    assert answer.status == status
    assert account() == before
    if status != 401:
        assert answer.headers["X-Credits-Charged"] == "0"
        assert answer.headers["X-Credits-Remaining"] == "5"


def test_a_caller_of_the_wrong_role_is_not_charged(caller, account):
    key = caller(role="member", plan="free")
    before = account()
    assert look(key).status == 403
    assert account() == before


def test_an_internal_error_costs_nothing(caller, table, account, monkeypatch):
    from functions.list_referrals import handler

    key = caller(plan="starter")
    use(table)
    before = account()

    def fail(*_, **__):
        raise RuntimeError("not today")

    monkeypatch.setattr(handler, "page", fail)
    assert look(key).status == 500
    assert account() == before


def test_a_click_without_a_key_is_free(programme, table):
    before = [item for item in scanned(table) if item["sk"] == "CREDITS"]
    answer = programme.click()
    assert answer.good
    assert not set(CREDITS) & set(answer.headers)
    assert [item for item in scanned(table) if item["sk"] == "CREDITS"] == before


def test_a_click_with_a_key_of_any_role_is_charged(caller, account):
    key = caller(role="member", plan="starter")
    click = {"body": {"code": CODE}, "key": key}
    answer = request("capture_click", "POST", "/referrals/click", **click)
    assert answer.good
    assert answer.headers["X-Credits-Charged"] == "1"
    assert account()["included_used"] == 1


def test_a_click_with_a_bad_key_is_a_401(programme):
    click = {"body": {"code": CODE}, "key": "rfk_garbage"}
    assert request("capture_click", "POST", "/referrals/click", **click).status == 401


def test_a_members_own_view_is_free_and_shows_the_balance(caller, table, tokens):
    use(table, included_used=1_990, balance=700, spent=300)
    for path, function in (("/me", "my_referrals"), ("/me/events", "my_referral_events")):
        answer = request(function, "GET", f"/referrals{path}", token=tokens.of("caller"))
        assert answer.good
        assert not set(CREDITS) & set(answer.headers)
    shown = request("my_referrals", "GET", "/referrals/me", token=tokens.of("caller")).good
    assert shown["credits"] == {
        "user_id": "caller",
        "plan": "free",
        "overage": False,
        "included_left": 10,
        "granted_left": 700,
        "granted_spent": 300,
        "overage_used": 0,
        "minute": {"window": "2026-11-20T12:30", "used": 0, "limit": 5},
        "day": {"window": "2026-11-20", "used": 0, "limit": 500},
        "month": {"window": "2026-11", "used": 1_990, "limit": 2_000},
    }


def test_a_token_pays_from_its_subjects_account(programme, tokens, account):
    token = tokens.of("caller", role="admin")
    answer = request("list_referrals", "GET", "/admin/referrals", token=token)
    assert answer.good
    assert account()["included_used"] == 1


def test_a_webhook_is_free(programme, table):
    before = [item for item in scanned(table) if item["sk"] == "CREDITS"]
    answer = programme.stripe({"id": "evt_1", "type": "customer.deleted", "data": {"object": {}}})
    assert answer.good == {"received": True, "handled": False}
    assert not [name for name in answer.headers if re.match("X-Credits|RateLimit", name)]
    assert [item for item in scanned(table) if item["sk"] == "CREDITS"] == before
