"""Whoever signs up is found through the gateway on every route that names a user."""

from urllib.parse import quote

import pytest

from tests.samples import USER_IDS


@pytest.mark.parametrize("user_id", USER_IDS)
def test_who_can_sign_up_is_found_on_every_route(service, user_id):
    _, code = service.new_referrer()
    assert service.signup(user_id, code=code).good["referred_user_id"] == user_id
    assert service.referral_of(user_id)["attribution"]["status"] == "attributed"
    # As a client that encodes everything sends it, and as one that encodes what it must.
    for spelled in (quote(user_id, safe=""), quote(user_id, safe="~:@!$&'()*+,;=")):
        account = service.admin("GET", f"/admin/accounts/{spelled}").good["account"]
        assert account["user_id"] == user_id
        plan = service.admin("POST", f"/admin/accounts/{spelled}/plan", {"plan": "pro"})
        assert plan.good["plan"] == "pro"
    assert service.admin("POST", f"/admin/users/{spelled}/erase").good["attributions"] == 1
