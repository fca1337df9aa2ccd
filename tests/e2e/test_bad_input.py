"""Bad input of every kind, at the deployed stack: its status, the envelope, an unchanged table."""

import http.client
import json
import time
from urllib.parse import quote, urlsplit
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.tokens import AUDIENCE, KEY_ID
from tests import forged_tokens, stripe_payloads
from tests.stripe_payloads import SHAPES, Sale, encoded, signature

DOCUMENTED = {
    "list": ("GET", "/admin/referrals"),
    "stats": ("GET", "/admin/referrals/stats?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"),
    "reject": ("POST", "/admin/referrals/attr_unknown/reject"),
    "recover": ("POST", "/admin/referrals/recover"),
}
MALFORMED = {
    "truncated": '{"code": "A1B2C3D4E5F6"',
    "null": "null",
    "array": "[]",
    "number": "5",
    "NaN": '{"code": NaN}',
    "surrogate": r'{"code": "\ud800"}',
    "deep": "[" * 8000,
    "not UTF-8": b'{"code": "\xff\xfe"}',
    "wrong type": '{"code": 5}',
    "nothing": "{}",
    "unknown code": '{"code": "ZZZZZZZZZZZZ"}',
    "malformed click id": '{"code": "ZZZZZZZZZZZZ", "click_id": "a b"}',
}


def assert_refused(answer, status):
    """In the envelope, with the id by which we find the rest."""
    assert answer.status == status, answer.body
    assert answer.body["code"] == status
    assert answer.body["msg"]
    assert answer.body["data"]["request_id"] == answer.headers["x-request-id"]


def test_malformed_clicks_are_400(service, untouched):
    with untouched():
        for body in MALFORMED.values():
            assert_refused(service.call("POST", "/referrals/click", body), 400)


def test_malformed_signups_are_400(service, untouched):
    with untouched():
        for body in MALFORMED.values():
            answer = service.call("POST", "/referrals/signups", body, key=service.service_key)
            assert_refused(answer, 400)


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=x",
        "?status=paid",
        "?pending_grant=maybe",
        "?cursor=forged",
        "?cursor=%C3%A9",
        "/stats?from=",
        "/stats?from=2026-01-01&to=2027-01-01",
        "/stats?from=2026-01-01T00:00:00&to=2027-01-01T00:00:00",
        "/stats?from=2026-01-01T00:00:00+02:00&to=2027-01-01T00:00:00Z",
        "/stats?from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
    ],
)
def test_malformed_questions_are_400(service, untouched, query):
    with untouched():
        assert_refused(service.admin("GET", f"/admin/referrals{query}"), 400)


def test_an_offset_that_is_sent_as_it_should_be_is_taken(service):
    bounds = {"from": "2026-01-01T00:00:00+02:00", "to": "2027-01-01T00:00:00-05:00"}
    assert service.admin("GET", "/admin/referrals/stats", query=bounds).good


def test_an_unknown_referral_is_a_404(service, untouched):
    with untouched():
        for unknown in ("attr_unknown", "x" * 3000, quote("é ü")):
            for verdict in ("approve", "reject"):
                path = f"/admin/referrals/{unknown}/{verdict}"
                assert_refused(service.admin("POST", path), 404)
            assert_refused(service.admin("GET", f"/admin/referrals/{unknown}"), 404)


def test_a_referral_in_another_state_is_a_409_with_its_status(service, untouched):
    _, code = service.new_referrer()
    user_id, _ = service.referred(code)
    path = f"/admin/referrals/{service.referral_of(user_id)['attribution']['id']}/reject"
    with untouched():
        answer = service.admin("POST", path)
    assert_refused(answer, 409)
    assert answer.body["data"]["status"] == "attributed"


def test_a_body_over_16_kb_is_a_413(service, untouched):
    body = json.dumps({"code": "ZZZZZZZZZZZZ", "landing_path": "x" * 16 * 1024})
    with untouched():
        assert_refused(service.call("POST", "/referrals/click", body), 413)


def bad_credentials(service):
    now = int(time.time())
    usual = {"iss": service.issuer, "aud": AUDIENCE, "sub": "admin-user", "role": "admin"}
    claims = usual | {"iat": now, "exp": now + 600}
    private = service.signer._key
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def signed(key=private, key_id=KEY_ID, **changed):
        return jwt.encode(claims | changed, key, algorithm="RS256", headers={"kid": key_id})

    revoked = service.invoke("create_api_key", {"user_id": "user-gone", "role": "admin"})
    service.invoke("revoke_api_key", {"user_id": "user-gone", "id": revoked["id"]})
    tokens = {
        "expired": signed(exp=now - 60),
        "another issuer": signed(iss="https://evil.example.com"),
        "another audience": signed(aud="billing"),
        "another key": signed(other),
        "an unknown key": signed(key_id="unknown"),
        "unsigned": forged_tokens.unsigned(claims, KEY_ID),
        "the public key": forged_tokens.signed_with_the_public_key(claims, KEY_ID, private),
        "no subject": jwt.encode(
            {k: v for k, v in claims.items() if k != "sub"},
            private,
            algorithm="RS256",
            headers={"kid": KEY_ID},
        ),
    }
    return {
        "nothing": {},
        "garbage": {"x-api-key": "letmein"},
        "non-ASCII": {"x-api-key": "rfk_é"},
        "a revoked key": {"x-api-key": revoked["api_key"]},
        "no token": {"authorization": "Bearer"},
        "another scheme": {"authorization": "Basic YTpi"},
    } | {name: {"authorization": f"Token {token}"} for name, token in tokens.items()}


def test_credentials_that_do_not_hold_are_401_on_every_admin_route(service, untouched):
    refused = bad_credentials(service)
    with untouched():
        for method, path in DOCUMENTED.values():
            for name, headers in refused.items():
                answer = service.call(method, path, headers=headers)
                assert answer.status == 401, (path, name, answer.body)
                assert_refused(answer, 401)


def test_credentials_without_the_role_are_403_on_every_admin_route(service, untouched):
    key = service.invoke("create_api_key", {"user_id": "user-plain", "role": "member"})["api_key"]
    token = service.token("user-plain")
    with untouched():
        for method, path in DOCUMENTED.values():
            for headers in (
                {"x-api-key": key},
                {"x-api-key": service.service_key},
                {"authorization": f"Bearer {token}"},
            ):
                answer = service.call(method, path, headers=headers)
                assert_refused(answer, 403)
                assert answer.body["msg"] == "admin plan required"


def test_more_than_the_plan_allows_in_a_minute_is_a_429(service):
    wanted = {"user_id": f"user-{uuid4().hex}", "role": "admin", "plan": "free"}
    key = service.invoke("create_api_key", wanted)["api_key"]
    # Twice as many as the plan allows, as a minute may end on the way.
    answers = [service.call("GET", "/admin/referrals?limit=1", key=key) for _ in range(12)]
    refused = next(answer for answer in answers if answer.status != 200)
    assert_refused(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.body["data"]["retry_after"] == int(refused.headers["Retry-After"])


@pytest.mark.parametrize("shape", SHAPES)
def test_malformed_and_unsigned_events_are_400(service, untouched, shape):
    _, code = service.new_referrer()
    _, sale = service.referred(code)
    sale = Sale(customer=sale.customer, number=sale.number, shape=shape)
    event = stripe_payloads.invoice_paid(sale)
    payload, secret = encoded(event), service.signing_secret
    good = signature(payload, secret)
    without = {k: v for k, v in event["data"]["object"].items() if k != "id"}
    bodies = {
        "truncated": payload[: len(payload) // 2],
        "wrong type": encoded(stripe_payloads.invoice_paid(sale, amount_paid="4900")),
        "missing id": encoded(event | {"data": {"object": without}}),
        "missing event id": encoded({k: v for k, v in event.items() if k != "id"}),
    }
    refused = {name: (body, signature(body, secret)) for name, body in bodies.items()} | {
        "other secret": (payload, signature(payload, "whsec_unknown")),
        "other bytes": (payload + b" ", good),
        "stale": (payload, signature(payload, secret, at=time.time() - 310)),
        "future": (payload, signature(payload, secret, at=time.time() + 310)),
        "non-ASCII": (payload, f"{good},v1=é"),
        "none": (payload, None),
    }
    with untouched():
        for name, (body, header) in refused.items():
            answer = service.webhook(body, header)
            assert answer.status == 400, (name, answer.body)
            assert_refused(answer, 400)
        # Signed, and of no kind that is ours to read.
        for other in (b"[]", encoded(stripe_payloads.thin_event(sale))):
            assert service.webhook(other, signature(other, secret)).good["handled"] is False


def test_an_unknown_route_and_a_wrong_method_say_so(service):
    """These may be API Gateway's own words, so only the status counts."""
    place = urlsplit(service.url)
    for method, path, statuses in (
        ("GET", "/nowhere", {404}),
        ("DELETE", "/admin/referrals", {404, 405}),
        ("GET", "/referrals/click", {404, 405}),
    ):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        connection.request(method, place.path + path)
        assert connection.getresponse().status in statuses
        connection.close()
