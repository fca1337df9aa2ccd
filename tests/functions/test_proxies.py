"""Behind proxies of the product's own, visitors are told apart, and nobody chooses an address."""

import pytest

from tests.functions.client import request
from tests.functions.running import CODE

PROXY, ONE, OTHER = "198.51.100.1", "203.0.113.7", "203.0.113.8"


def behind(visitor: str) -> dict:
    """A request of this visitor as the proxy passes it on and API Gateway tells of it."""
    return {"address": PROXY, "headers": {"X-Forwarded-For": f"{visitor}, {PROXY}"}}


def click(visitor: str, code: str = CODE):
    return request(
        "capture_click", "POST", "/referrals/click", body={"code": code}, **behind(visitor)
    )


def test_visitors_behind_a_trusted_proxy_have_a_limit_each(programme, configure):
    configure(CLICKS_PER_MINUTE=1, TRUSTED_PROXIES=1)
    assert [click(visitor).status for visitor in (ONE, OTHER, ONE)] == [200, 200, 429]


def test_by_default_nobody_is_believed_who_names_an_address(programme, configure):
    configure(CLICKS_PER_MINUTE=1)
    assert [click(visitor).status for visitor in (ONE, OTHER)] == [200, 429]


def test_a_forged_start_of_the_chain_gains_nothing(programme, configure):
    configure(CLICKS_PER_MINUTE=1, TRUSTED_PROXIES=1)
    forged = [f"192.0.2.{number}, {ONE}" for number in range(3)]
    assert [click(chain).status for chain in forged] == [200, 429, 429]


@pytest.mark.parametrize(
    ("visitor", "status"), [(ONE, "review_required"), (OTHER, "rewarded")], ids=["same", "stranger"]
)
def test_only_who_shares_the_referrers_own_address_is_held(
    programme, tokens, configure, visitor, status
):
    configure(TRUSTED_PROXIES=1)
    token = tokens.of("user-behind-the-proxy")
    own = request("my_referrals", "GET", "/referrals/me", token=token, **behind(ONE)).good
    visit = click(visitor, own["code"]).good
    referral = programme.rewarded("user-new", click_id=visit["click_id"])
    assert referral["attribution"]["status"] == status
