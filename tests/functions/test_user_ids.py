"""User ids: one rule at every door, and whoever gets in at one can be asked for at all others."""

import pytest
from pydantic import ValidationError

from tests import stripe_payloads
from tests.functions.client import invoke, request
from tests.functions.running import CODE
from tests.samples import USER_IDS
from tests.stripe_payloads import Sale

BAD = [
    "",
    ".",
    "..",
    "-",
    "u" * 129,
    "u" * 2_500,
    "a/b",
    "a?b",
    "a#b",
    "a%2Fb",
    'a"b',
    "a\\b",
    "a b",
    "a\nb",
    "a\u200bb",
    "jos\u00e9",
    "\u7528\u6237",
    "\U0001f600",
    "\u0661",
    "a<b>",
    "a`b",
]


@pytest.mark.parametrize("user_id", USER_IDS)
def test_who_can_sign_up_is_found_on_every_route(programme, tokens, user_id):
    assert programme.signup(user_id, code=CODE).good["referred_user_id"] == user_id
    assert programme.status_of(user_id) == "attributed"
    token = tokens.of(user_id)
    assert request("my_referrals", "GET", "/referrals/me", token=token).good["code"]
    events = request("my_referral_events", "GET", "/referrals/me/events", token=token).good
    assert [item["role"] for item in events["items"]] == ["referred"]
    account = f"/admin/accounts/{user_id}"
    answer = programme.admin("get_account", "GET", account)
    assert answer.good["account"]["user_id"] == user_id
    plan = programme.admin("change_plan", "POST", f"{account}/plan", body={"plan": "pro"})
    assert plan.good["plan"] == "pro"
    erased = programme.admin("erase_user", "POST", f"/admin/users/{user_id}/erase").good
    assert erased["attributions"] == 1
    assert programme.admin("get_account", "GET", f"/admin/accounts/{erased['user_id']}").good


@pytest.mark.parametrize("user_id", BAD)
def test_who_could_not_be_asked_for_cannot_get_in(programme, tokens, untouched, user_id):
    with untouched():
        answer = programme.signup(user_id, code=CODE)
        assert (answer.status, answer.fields) == (400, ["user_id"])
        answer = programme.list(user_id=user_id)
        assert (answer.status, answer.fields) == (400, ["user_id"])
        for function, method, path in (
            ("get_account", "GET", f"/admin/accounts/{user_id}"),
            ("change_plan", "POST", f"/admin/accounts/{user_id}/plan"),
            ("erase_user", "POST", f"/admin/users/{user_id}/erase"),
        ):
            # A path may be none at all with such an id in it.
            answer = programme.admin(function, method, path, body={"plan": "pro"})
            assert answer.status in (400, 404), path
        token = tokens.of(user_id)
        assert request("my_referrals", "GET", "/referrals/me", token=token).status == 401
        key = {"headers": {"authorization": f"Bearer {tokens.of(user_id, role='admin')}"}}
        assert request("list_referrals", "GET", "/admin/referrals", **key).status == 401


@pytest.mark.parametrize("user_id", BAD)
def test_stripe_names_nobody_by_it(programme, untouched, user_id):
    sale = Sale(customer="cus_stranger", email="")
    event = stripe_payloads.customer_event(sale, metadata={"user_id": user_id}, email=None)
    with untouched():
        assert programme.stripe(event).good["handled"] is False


def test_a_key_is_made_for_no_other():
    for user_id in BAD:
        with pytest.raises(ValidationError):
            invoke("create_api_key", {"user_id": user_id})
