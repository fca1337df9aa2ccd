"""User tokens on /referrals/me and /referrals/me/events: which are taken, which never."""

import time

import pytest

from referrals.edge.tokens import _key_set
from tests.functions.client import request
from tests.functions.running import REFERRER

ROUTES = {"my_referrals": "/referrals/me", "my_referral_events": "/referrals/me/events"}
BAD = {
    "expired": lambda idp: idp.of("user-1", exp=int(time.time()) - 60),
    "not valid yet": lambda idp: idp.of("user-1", nbf=int(time.time()) + 600),
    "of another issuer": lambda idp: idp.of("user-1", iss="https://evil.example.com/"),
    "for another audience": lambda idp: idp.of("user-1", aud="billing"),
    "unsigned": lambda idp: idp.unsigned("user-1"),
    "signed with the public key": lambda idp: idp.signed_with_the_public_key("user-1"),
    "signed by another key": lambda idp: idp.signed_by_another("user-1"),
    "of an unknown key": lambda idp: idp.of("user-1", key_id="key-2"),
    "of a key without a name": lambda idp: idp.of("user-1", key_id=None),
    "without a subject": lambda idp: idp.of("user-1", sub=None),
    "with an empty subject": lambda idp: idp.of("  "),
    "without an end": lambda idp: idp.of("user-1", exp=None),
    "without an issuer": lambda idp: idp.of("user-1", iss=None),
    "without an audience": lambda idp: idp.of("user-1", aud=None),
    "cut short": lambda idp: idp.of("user-1")[:-10],
    "with other claims": lambda idp: ".".join(
        [*idp.of("user-1").split(".")[:1], *idp.of("user-2").split(".")[1:2], "x"]
    ),
}


@pytest.fixture
def me(programme, tokens):
    def call(function, token=None, **details):
        return request(function, "GET", ROUTES[function], token=token, **details)

    return call


@pytest.mark.parametrize("function", ROUTES)
@pytest.mark.parametrize("kind", BAD)
def test_a_token_that_does_not_hold_is_a_401(me, tokens, untouched, function, kind):
    with untouched():
        answer = me(function, BAD[kind](tokens))
    assert answer.status == 401
    assert answer.body["msg"] == "invalid token"
    assert set(answer.data) == {"request_id"}


@pytest.mark.parametrize("function", ROUTES)
def test_no_token_is_a_401(me, untouched, function):
    with untouched():
        assert me(function).status == 401


@pytest.mark.parametrize("function", ROUTES)
@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token", "BEARER"])
def test_both_schemes_are_taken_in_any_case(me, tokens, function, scheme):
    authorization = f"{scheme} {tokens.of(REFERRER)}"
    assert me(function, headers={"Authorization": authorization}).good


@pytest.mark.parametrize("function", ROUTES)
def test_an_audience_among_others_is_enough(me, tokens, function):
    assert me(function, tokens.of(REFERRER, aud=["billing", "referrals"])).good


@pytest.mark.parametrize("function", ROUTES)
def test_clocks_may_differ_by_a_few_seconds(me, tokens, function):
    assert me(function, tokens.of(REFERRER, exp=int(time.time()) - 2)).good


@pytest.mark.parametrize("function", ROUTES)
def test_no_token_is_taken_where_no_keys_are_named(me, tokens, configure, function):
    token = tokens.of(REFERRER)
    configure(JWT_JWKS_URL="")
    assert me(function, token).status == 401


def test_no_token_is_taken_while_the_keys_cannot_be_fetched(me, tokens, configure, untouched):
    configure(JWT_JWKS_URL="http://127.0.0.1:9/jwks.json")
    _key_set.cache_clear()
    with untouched():
        answer = me("my_referrals", tokens.of(REFERRER))
    assert answer.status >= 400
    assert "127.0.0.1" not in answer.text
