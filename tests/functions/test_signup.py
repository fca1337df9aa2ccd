"""POST /referrals/signups: a new user becomes an attribution, once."""

from datetime import UTC, datetime, timedelta

import pytest

from referrals.store import codes
from tests import stripe_payloads
from tests.functions.running import CODE, REFERRER
from tests.stripe_payloads import Sale

OTHER_CODE = "ZYXWVTSRQPNM"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def other_code(programme, table):
    return codes.create(table, "user-other", OTHER_CODE)


def test_a_signup_with_a_click_takes_over_what_the_click_carried(programme):
    campaign = {"utm_campaign": "spring", "utm_medium": "email", "utm_source": "newsletter"}
    click = programme.click(landing_path="/pricing", **campaign).good["click_id"]
    attribution = programme.signup("user-new", click_id=click).good
    assert attribution | campaign == attribution
    assert attribution["click_id"] == click
    assert attribution["landing_path"] == "/pricing"
    assert attribution["referrer_user_id"] == REFERRER
    assert attribution["referred_user_id"] == "user-new"
    assert attribution["status"] == "attributed"
    assert attribution["risk_flags"] == []


def test_an_attribution_lasts_for_the_window(programme, configure, time_is):
    configure(ATTRIBUTION_WINDOW_DAYS=7)
    time_is(NOW)
    attribution = programme.signup("user-new").good
    assert attribution["created_at"] == "2026-11-20T12:00:00.000Z"
    assert attribution["expires_at"] == "2026-11-27T12:00:00.000Z"


def test_a_code_alone_attributes_in_any_case(programme):
    assert programme.signup("user-new", code=CODE.lower()).good["code"] == CODE


def test_a_typed_code_wins_over_the_click_of_another(programme, other_code):
    click = programme.click(utm_campaign="spring").good["click_id"]
    attribution = programme.signup("user-new", click_id=click, code=other_code).good
    assert attribution["referrer_user_id"] == "user-other"
    assert "click_id" not in attribution
    assert "utm_campaign" not in attribution


def test_the_same_signup_again_is_the_same_attribution(programme, untouched):
    click = programme.click().good["click_id"]
    first = programme.signup("user-new", click_id=click, stripe_customer_id="cus_1").good
    with untouched():
        again = programme.signup("user-new", click_id=click, stripe_customer_id="cus_1").good
    assert again == first
    assert programme.stats().good["attributed_signups"] == 1


def test_a_second_click_of_the_same_referrer_changes_nothing(programme, untouched):
    first = programme.signup("user-new", click_id=programme.click().good["click_id"]).good
    second = programme.click().good["click_id"]
    with untouched():
        assert programme.signup("user-new", click_id=second).good == first


def test_a_user_of_another_referrer_is_a_409_with_the_status(programme, other_code, untouched):
    programme.rewarded("user-new")
    with untouched():
        answer = programme.signup("user-new", code=other_code)
    assert answer.status == 409
    assert answer.data["status"] == "rewarded"


def test_nobody_signs_up_as_somebody_erased(programme, untouched):
    with untouched():
        answer = programme.signup(f"erased_{'0' * 24}")
        assert (answer.status, answer.fields) == (400, ["user_id"])
    assert programme.signup("erased_by-hand").status == 200


def test_nobody_refers_themselves(programme, untouched):
    with untouched():
        answer = programme.signup(REFERRER)
    assert answer.status == 400
    assert answer.fields == ["user_id"]


def test_nobody_refers_themselves_by_a_click(programme, untouched):
    click = programme.click().good["click_id"]
    with untouched():
        assert programme.signup(REFERRER, click_id=click).status == 400


def test_a_click_older_than_the_window_does_not_attribute(programme, time_is, untouched):
    time_is(NOW)
    click = programme.click().good["click_id"]
    time_is(NOW + timedelta(days=30, minutes=11))
    with untouched():
        answer = programme.signup("user-new", click_id=click)
    assert answer.status == 400
    assert "click expired" in answer.body["msg"]
    assert answer.data["errors"] == [{"field": "click_id", "message": "click expired"}]


def test_a_click_at_the_end_of_the_window_attributes_under_clock_skew(programme, time_is):
    time_is(NOW)
    click = programme.click().good["click_id"]
    time_is(NOW + timedelta(days=30, minutes=9))
    assert programme.signup("user-new", click_id=click).good


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "ZZZZZZZZZZZZ"}, "code"),
        ({"code": "not a code"}, "code"),
        ({"code": ""}, "code"),
        ({"code": 5}, "code"),
        ({"click_id": "refclk_unknown"}, "click_id"),
        ({"click_id": "refclk_01M7XSH5XP84KB59SCKQ9NGDJZ"}, "click_id"),
        ({"click_id": "short"}, "click_id"),
        ({"click_id": "with space"}, "click_id"),
        ({"click_id": "x" * 65}, "click_id"),
        ({"click_id": ["refclk_unknown"]}, "click_id"),
        ({"code": CODE, "user_id": ""}, "user_id"),
        ({"code": CODE, "user_id": "two words"}, "user_id"),
        ({"code": CODE, "user_id": "a#b"}, "user_id"),
        ({"code": CODE, "user_id": "new-line\n"}, "user_id"),
        ({"code": CODE, "user_id": "u" * 129}, "user_id"),
        ({"code": CODE, "user_id": None}, "user_id"),
        ({"code": CODE, "user_id": 42}, "user_id"),
        ({"code": CODE, "email": "no-at-sign"}, "email"),
        ({"code": CODE, "email": "two@at@signs"}, "email"),
        ({"code": CODE, "email": "a@b" + "c" * 320}, "email"),
        ({"code": CODE, "email": 1}, "email"),
        ({"code": CODE, "stripe_customer_id": "cus 1"}, "stripe_customer_id"),
        ({"code": CODE, "stripe_customer_id": "c" * 65}, "stripe_customer_id"),
        ({"code": CODE, "stripe_customer_id": {"id": "cus_1"}}, "stripe_customer_id"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_kept(programme, untouched, body, field):
    with untouched():
        answer = programme.signup(**{"user_id": "user-new"} | body)
    assert answer.status == 400
    assert answer.fields == [field]


def test_neither_click_nor_code_is_a_400(programme, untouched):
    with untouched():
        answer = programme.signup("user-new", code=None)
    assert answer.status == 400
    assert answer.fields == ["code"]


def test_a_disabled_code_no_longer_attributes(programme, untouched):
    click = programme.click().good["click_id"]
    assert programme.disable().good
    with untouched():
        assert programme.signup("user-new").fields == ["code"]
        assert programme.signup("user-new", click_id=click).fields == ["code"]


def test_a_payment_that_came_first_counts_at_signup(programme):
    sale = Sale(customer="cus_early")
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good
    attribution = programme.signup("user-new", stripe_customer_id="cus_early").good
    assert attribution["status"] == "rewarded"
    assert programme.balance("user-new") == programme.balance(REFERRER) == 10_000


def test_a_customer_named_later_is_still_linked(programme):
    programme.signup("user-new")
    assert programme.stripe(stripe_payloads.invoice_paid(Sale(customer="cus_late"))).good
    assert programme.signup("user-new", stripe_customer_id="cus_late").good["status"] == "rewarded"


@pytest.mark.parametrize("email", ["x@mailinator.com", "X@MAILINATOR.COM", "x@sub.mailinator.com"])
def test_a_throw_away_address_leads_to_review(programme, email):
    held = programme.rewarded("user-new", email=email)
    assert held["attribution"]["status"] == "review_required"
    assert held["attribution"]["review_reason"] == "disposable_email"
    assert held["rewards"] == []
