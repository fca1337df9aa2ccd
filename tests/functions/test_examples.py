"""The documented examples answer as documented, word for word in shape."""

from tests import stripe_payloads
from tests.functions.client import request
from tests.functions.running import CODE, REFERRER

EXAMPLE_CLICK = {
    "click_id": "refclk_abc123",
    "code": "A1B2C3D4E5F6",
    "landing_path": "/pricing",
    "utm_campaign": "spring-launch",
    "utm_medium": "email",
    "utm_source": "newsletter",
}
REWARDED_FIELDS = {
    *("id", "code", "click_id", "referrer_user_id", "referred_user_id", "status"),
    *("landing_path", "utm_campaign", "utm_medium", "utm_source", "created_at", "expires_at"),
    *("qualified_at", "rewarded_at", "first_paid_invoice_id", "stripe_event_id"),
    *("stripe_invoice_id", "risk_flags"),
}
GRANTED_REWARD_FIELDS = {
    *("id", "attribution_id", "role", "user_id", "credits", "credits_grant_key"),
    *("credits_granted_at", "stripe_invoice_id", "created_at"),
}


def referral_by_example_click(programme, user_id="user-referred"):
    programme.click(**EXAMPLE_CLICK)
    return programme.rewarded(user_id, click_id="refclk_abc123")


def test_the_click_example_answers_the_id_and_the_code(programme):
    answer = programme.click(**EXAMPLE_CLICK)
    assert answer.text == (
        '{"code":200,"msg":"ok","data":{"click_id":"refclk_abc123","code":"A1B2C3D4E5F6"}}'
    )
    assert answer.headers["Content-Type"] == "application/json"


def test_the_click_example_with_an_invalid_code_answers_the_invalid_params_envelope(programme):
    answer = programme.click(**EXAMPLE_CLICK | {"code": "ZZZZZZZZZZZZ"})
    assert answer.status == 400
    assert answer.body == {
        "code": 400,
        "msg": "code: unknown or disabled referral code",
        "data": {
            "request_id": answer.request_id,
            "errors": [{"field": "code", "message": "unknown or disabled referral code"}],
        },
    }


def test_the_list_example_shows_every_documented_field(programme):
    referral_by_example_click(programme)
    (item,) = programme.list(status="rewarded", limit="10").data["items"]
    assert set(item) == {"attribution", "rewards"}
    assert set(item["attribution"]) == REWARDED_FIELDS
    assert (
        item["attribution"]
        | {
            "code": "A1B2C3D4E5F6",
            "referrer_user_id": REFERRER,
            "referred_user_id": "user-referred",
            "click_id": "refclk_abc123",
            "landing_path": "/pricing",
            "utm_campaign": "spring-launch",
            "utm_medium": "email",
            "utm_source": "newsletter",
            "status": "rewarded",
            "risk_flags": [],
        }
        == item["attribution"]
    )
    assert [reward["role"] for reward in item["rewards"]] == ["referrer", "referred"]
    for reward in item["rewards"]:
        assert set(reward) == GRANTED_REWARD_FIELDS
        assert reward["credits"] == 10_000
        assert reward["credits_grant_key"] == reward["id"]
        assert reward["attribution_id"] == item["attribution"]["id"]


def test_the_list_example_that_nothing_matches_is_an_empty_page(programme):
    answer = programme.list(status="attributed", pending_grant="true", limit="10")
    assert answer.text == '{"code":200,"msg":"ok","data":{"items":[]}}'


def test_the_stats_example_answers_the_worked_figures(programme):
    for number in range(42):
        programme.click(utm_campaign="spring-launch", click_id=f"visit-{number}")
    for number in range(2):
        programme.rewarded(f"user-rewarded-{number}", click_id=f"visit-{number}")
    programme.in_review("user-suspect", click_id="visit-2")
    for number in range(3, 9):
        assert programme.signup(f"user-{number}", click_id=f"visit-{number}").good
    answer = programme.stats(campaign="spring-launch")
    assert answer.data == {
        "clicks": 42,
        "attributed_signups": 9,
        "qualified_referrals": 3,
        "review_required": 1,
        "rewarded_referrals": 2,
        "capped_referrals": 0,
        "rejected_referrals": 0,
        "signup_rate": 0.214,
        "qualification_rate": 0.333,
        "reward_rate": 0.222,
    }


def test_the_reject_example_answers_the_rejected_attribution_without_rewards(programme):
    held = programme.in_review("user-referred")["attribution"]
    answer = programme.review("reject", held["id"], body={"reason": "same billing account"})
    assert answer.status == 200
    assert answer.data["rewards"] == []
    rejected = answer.data["attribution"]
    assert rejected["id"] == held["id"]
    assert rejected["status"] == "rejected"
    assert rejected["review_reason"] == "same billing account"
    assert rejected["reviewed_by"] == "admin-user"
    assert rejected["reviewed_at"].endswith("Z")


def test_the_recover_example_answers_what_was_tried_and_what_failed(programme):
    for number in range(3):
        programme.owed(f"user-{number}")
    for number in range(2):
        programme.heal_account(f"user-{number}")
    failing = programme.referral_of("user-2")["rewards"][1]
    answer = programme.recover(limit="10")
    (error,) = answer.data.pop("errors")
    assert answer.data == {"attempted": 3, "recovered": 2}
    assert error == f"{failing['id']}: {failing['credits_grant_error']}"


def test_the_examples_of_a_member_answer_code_settings_stats_and_items(programme, tokens):
    referral_by_example_click(programme)
    token = tokens.of(REFERRER)
    me = request("my_referrals", "GET", "/referrals/me", token=token)
    (item,) = me.good.pop("items")
    me.data.pop("credits", None)
    assert me.data == {
        "code": CODE,
        "share_path": f"/r/{CODE}",
        "attribution_window_days": 30,
        "monthly_referrer_reward_cap": 10,
        "reward_credits": 10_000,
        "referred_reward_credits": 10_000,
        "stats": {
            "attributed": 1,
            "qualified": 1,
            "review_required": 0,
            "rewarded": 1,
            "capped": 0,
            "expired": 0,
            "rejected": 0,
        },
    }
    events = request("my_referral_events", "GET", "/referrals/me/events", token=token)
    assert events.data["items"] == [item]
    documented = {
        *("id", "role", "status", "code", "campaign", "reward_credits"),
        *("created_at", "expires_at", "qualified_at", "rewarded_at"),
    }
    assert documented <= set(item)
    assert (item["role"], item["campaign"], item["reward_credits"]) == (
        "referrer",
        "spring-launch",
        10_000,
    )


def test_an_answer_to_stripe_says_whether_the_event_was_of_use(programme):
    sale = programme.referred("user-referred")
    answer = programme.stripe(stripe_payloads.invoice_paid(sale))
    assert answer.text == '{"code":200,"msg":"ok","data":{"received":true,"handled":true}}'
