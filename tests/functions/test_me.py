"""GET /referrals/me and /referrals/me/events: what a user sees of their own referrals."""

import pytest

from tests import stripe_payloads
from tests.functions.client import request
from tests.functions.running import CODE, REFERRER
from tests.samples import USER_IDS
from tests.tables import everything


@pytest.fixture
def me(tokens):
    def call(user_id=REFERRER):
        return request("my_referrals", "GET", "/referrals/me", token=tokens.of(user_id))

    return call


@pytest.fixture
def events(tokens):
    def call(user_id=REFERRER, **query):
        token = tokens.of(user_id)
        path = "/referrals/me/events"
        return request("my_referral_events", "GET", path, token=token, query=query)

    return call


def test_the_first_call_makes_a_code_that_stays(programme, me):
    first = me("user-new").good
    assert len(first["code"]) == 12
    assert first["share_path"] == f"/r/{first['code']}"
    assert me("user-new").good["code"] == first["code"] != me("user-other").good["code"]


def test_the_link_to_share_is_told_where_its_host_is_known(programme, me, configure):
    assert "share_url" not in me().good
    configure(DOMAIN_NAME="go.example.com")
    assert me().good["share_url"] == f"https://go.example.com/r/{CODE}"


def test_the_new_code_takes_clicks_at_once(programme, me):
    code = me("user-new").good["code"]
    assert programme.click(code=code).good["code"] == code


def test_a_user_without_referrals_sees_zeros(programme, me):
    answer = me("user-new").good
    assert set(answer["stats"].values()) == {0}
    assert answer["items"] == []


def test_the_settings_of_the_programme_are_shown(programme, me, configure):
    configure(
        ATTRIBUTION_WINDOW_DAYS=14,
        MONTHLY_REFERRER_REWARD_CAP=3,
        REFERRER_REWARD_CREDITS=500,
        REFERRED_REWARD_CREDITS=250,
    )
    answer = me().good
    assert answer["attribution_window_days"] == 14
    assert answer["monthly_referrer_reward_cap"] == 3
    assert answer["reward_credits"] == 500
    assert answer["referred_reward_credits"] == 250


def test_the_figures_are_of_the_referrals_that_the_user_made(programme, me, configure):
    configure(MONTHLY_REFERRER_REWARD_CAP=1)
    programme.signup("user-1")
    programme.rewarded("user-2")
    programme.rewarded("user-3")
    programme.in_review("user-4")
    refunded = programme.referred("user-5")
    programme.stripe(stripe_payloads.charge_refunded(refunded))
    programme.pay(refunded)
    assert me().good["stats"] == {
        "attributed": 5,
        "qualified": 4,
        "review_required": 1,
        "rewarded": 1,
        "capped": 1,
        "expired": 0,
        "rejected": 1,
    }
    assert me("user-2").good["stats"]["attributed"] == 0


def test_both_sides_see_the_same_referral_from_their_own(programme, events):
    click = programme.click(utm_campaign="spring").good["click_id"]
    programme.rewarded("user-new", click_id=click)
    (made,), (came_by,) = (events(user).good["items"] for user in (REFERRER, "user-new"))
    assert (made.pop("role"), came_by.pop("role")) == ("referrer", "referred")
    assert made == came_by
    assert made["status"] == "rewarded"
    assert made["code"] == CODE
    assert made["campaign"] == "spring"
    assert made["reward_credits"] == 10_000
    assert made["qualified_at"].endswith("Z")
    assert made["rewarded_at"].endswith("Z")


def test_nobody_sees_the_other_side_or_the_suspicion(programme, events):
    programme.in_review("user-suspect")
    for user_id, other in ((REFERRER, "user-suspect"), ("user-suspect", REFERRER)):
        text = events(user_id).text
        assert other not in text
        assert "disposable" not in text
        assert "mailinator" not in text


def test_nobody_sees_referrals_of_others(programme, events):
    programme.rewarded("user-new")
    assert events("user-stranger").good["items"] == []


def test_the_last_20_are_shown_and_events_go_to_100(programme, me, events):
    for number in range(101):
        assert programme.signup(f"user-{number}").good
    assert len(me().good["items"]) == 20
    assert len(events().good["items"]) == 50
    assert len(events(limit="7").good["items"]) == 7
    assert len(events(limit="100000").good["items"]) == 100
    newest = events(limit="3").good["items"]
    assert newest == me().good["items"][:3]
    created = [item["created_at"] for item in events().good["items"]]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("limit", ["0", "-5", "all", "2.0x", ""])
def test_a_wrong_limit_is_named(programme, events, limit):
    answer = events(limit=limit)
    assert answer.status == 400
    assert answer.fields == ["limit"]


def test_each_item_says_why_it_is_where_it_is(programme, events):
    programme.signup("user-1")
    programme.owed("user-2")
    programme.in_review("user-3")
    reasons = {item["status"]: item["reason"] for item in events().good["items"]}
    assert reasons["attributed"] == "waiting for the first payment"
    assert reasons["review_required"] == "being reviewed"
    assert set(reasons) == {"attributed", "qualified", "review_required"}


def test_looking_keeps_nothing_but_the_code(programme, me, table):
    me()
    before = everything(table)
    me()
    assert everything(table) == before


@pytest.mark.parametrize("subject", USER_IDS)
def test_any_subject_that_is_a_user_id_is_a_user(programme, me, subject):
    code = me(subject).good["code"]
    assert me(subject).good["code"] == code
