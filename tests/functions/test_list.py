"""GET /admin/referrals: newest first, filters that combine, pages that end only at the end."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from tests.functions.running import REFERRER

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def ten(programme, time_is):
    """Ten referrals, a minute apart: user-0 is the oldest; even ones of the spring campaign.

    The address of user-2 is a throw-away one.
    """
    for number in range(10):
        time_is(NOW + timedelta(minutes=number))
        campaign = {"utm_campaign": "spring"} if number % 2 == 0 else {}
        click = programme.click(**campaign).good["click_id"]
        email = "x@mailinator.com" if number == 2 else "x@example.com"
        programme.signup(f"user-{number}", click_id=click, email=email)
    return programme


def users(answer):
    return [item["attribution"]["referred_user_id"] for item in answer.good["items"]]


def pages(programme, **query):
    """Every page, by following cursors to the end."""
    found, cursor = [], {}
    while True:
        answer = programme.list(**query, **cursor)
        found.append(users(answer))
        if "next_cursor" not in answer.data:
            return found
        cursor = {"cursor": answer.data["next_cursor"]}


def test_the_newest_come_first(ten):
    assert users(ten.list()) == [f"user-{number}" for number in reversed(range(10))]


def test_cursors_lead_through_every_referral_once(ten):
    assert pages(ten, limit="4") == [
        ["user-9", "user-8", "user-7", "user-6"],
        ["user-5", "user-4", "user-3", "user-2"],
        ["user-1", "user-0"],
    ]


def test_a_full_last_page_has_no_cursor(ten):
    assert "next_cursor" not in ten.list(limit="10").good


def test_a_referral_that_comes_between_two_pages_does_not_shift_them(ten, time_is):
    first = ten.list(limit="5").good
    time_is(NOW + timedelta(hours=1))
    ten.signup("user-late")
    second = ten.list(limit="5", cursor=first["next_cursor"])
    assert users(second) == [f"user-{number}" for number in reversed(range(5))]


def test_a_page_that_the_filters_left_empty_is_followed_to_the_next_match(ten):
    ten.rewarded("user-0")
    assert users(ten.list(status="rewarded", limit="1")) == ["user-0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"campaign": "spring"}, ["user-8", "user-6", "user-4", "user-2", "user-0"]),
        ({"campaign": " spring "}, ["user-8", "user-6", "user-4", "user-2", "user-0"]),
        ({"campaign": "autumn"}, []),
        ({"user_id": "user-3"}, ["user-3"]),
        ({"user_id": "nobody"}, []),
        ({"user_id": REFERRER, "campaign": "spring", "limit": "2"}, ["user-8", "user-6"]),
        ({"status": "review_required"}, ["user-2"]),
        ({"status": "rewarded"}, ["user-4"]),
        ({"status": "attributed", "campaign": "spring"}, ["user-8", "user-6", "user-0"]),
        ({"status": "rewarded", "campaign": "spring", "user_id": "user-4"}, ["user-4"]),
        ({"status": "rewarded", "user_id": "user-3"}, []),
        ({"pending_grant": "true"}, ["user-5"]),
        ({"pending_grant": "true", "user_id": "user-5", "status": "qualified"}, ["user-5"]),
        ({"pending_grant": "true", "status": "attributed"}, []),
        ({"pending_grant": "false", "status": "qualified"}, []),
        ({"pending_grant": "false", "limit": "1"}, ["user-9"]),
    ],
)
def test_filters_combine(ten, query, expected):
    ten.rewarded("user-4")
    ten.rewarded("user-2")
    ten.owed("user-5")
    assert users(ten.list(**query)) == expected


def test_a_user_finds_both_sides(ten, table):
    from referrals.store import codes

    codes.create(table, "user-3", "ZYXWVTSRQPNM")
    ten.signup("user-friend", code="ZYXWVTSRQPNM")
    assert sorted(users(ten.list(user_id="user-3"))) == ["user-3", "user-friend"]


def test_listing_changes_nothing(ten, untouched):
    ten.owed("user-5")
    with untouched():
        ten.list(pending_grant="true")


@pytest.mark.parametrize(("limit", "shown"), [("100", 100), ("101", 100), ("9" * 30, 100)])
def test_a_limit_above_100_is_100(programme, limit, shown):
    for number in range(101):
        assert programme.signup(f"user-{number:03}").good
    assert len(programme.list(limit=limit).good["items"]) == shown
    assert len(programme.list().good["items"]) == 50


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("limit", value) for value in ("0", "-1", "ten", "1.5", "", "0x10", "\u0663x")),
        *(("status", value) for value in ("paid", "REWARDED", "", "attributed,rewarded")),
        *(("pending_grant", value) for value in ("maybe", "2", "")),
        ("user_id", "u" * 129),
    ],
)
def test_a_wrong_filter_is_named(ten, untouched, field, value):
    with untouched():
        answer = ten.list(**{field: value})
    assert answer.status == 400
    assert answer.fields == [field]


def tampered(cursor):
    raw = bytearray(base64.urlsafe_b64decode(cursor))
    raw[20] ^= 1
    yield base64.urlsafe_b64encode(bytes(raw)).decode()
    yield cursor[:-4]
    yield cursor + "AAAA"
    yield cursor.swapcase()
    yield cursor.rstrip("=") + "==="
    yield f" {cursor}"
    yield base64.urlsafe_b64encode(b'["2026-11-20T12:00:00.000Z","attr_1"]').decode()
    yield "x"
    yield "é"
    yield "\u0661\u0662"
    yield "A" * 9000


def test_a_tampered_cursor_is_a_400(ten, untouched):
    cursor = ten.list(limit="3").good["next_cursor"]
    assert users(ten.list(limit="3", cursor=cursor)) == ["user-6", "user-5", "user-4"]
    for forged in tampered(cursor):
        with untouched():
            answer = ten.list(limit="3", cursor=forged)
        assert (answer.status, answer.fields) == (400, ["cursor"]), forged


@pytest.mark.parametrize(
    "other", [{}, {"campaign": "autumn"}, {"campaign": "spring", "status": "attributed"}]
)
def test_a_cursor_of_other_filters_is_a_400(ten, other):
    cursor = ten.list(limit="1", campaign="spring").good["next_cursor"]
    answer = ten.list(limit="1", cursor=cursor, **other)
    assert (answer.status, answer.fields) == (400, ["cursor"])


def test_the_page_size_may_change_between_pages(ten):
    cursor = ten.list(limit="3").good["next_cursor"]
    assert len(users(ten.list(limit="5", cursor=cursor))) == 5


def test_a_filter_may_hold_a_comma(programme):
    click = programme.click(utm_campaign="spring,launch").good["click_id"]
    programme.signup("user-1", click_id=click)
    programme.signup("user-2", click_id=programme.click(utm_campaign="spring").good["click_id"])
    assert users(programme.list(campaign="spring,launch")) == ["user-1"]


def test_the_oldest_come_first_where_that_is_asked_for(programme):
    for number in range(5):
        programme.in_review(f"user-{number}")
    first = programme.list(status="review_required", order="oldest", limit="3").good
    query = {"status": "review_required", "limit": "3", "cursor": first["next_cursor"]}
    rest = programme.list(**query, order="oldest").good
    users = [one["attribution"]["referred_user_id"] for one in first["items"] + rest["items"]]
    assert users == [f"user-{number}" for number in range(5)]
    # A cursor is of one order.
    assert programme.list(**query).status == 400
    assert programme.list(order="random").fields == ["order"]
