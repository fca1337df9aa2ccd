"""Bodies that are not what they should be: refused before anything is read or written."""

import json

import pytest

from tests.functions.client import request
from tests.functions.running import CODE

LARGEST = 16 * 1024


def padded(size):
    """A well-formed click of exactly this many bytes."""
    empty = json.dumps({"code": CODE, "landing_path": "/"})
    return json.dumps({"code": CODE, "landing_path": "/" + "x" * (size - len(empty))})


MALFORMED = {
    "truncated": '{"code": "A1B2C3D4E5F6"',
    "two documents": "{} {}",
    "plain text": "code=A1B2C3D4E5F6",
    "a comma too many": '{"code": "A1B2C3D4E5F6",}',
    "NaN": '{"code": "A1B2C3D4E5F6", "landing_path": NaN}',
    "Infinity": '{"code": "A1B2C3D4E5F6", "landing_path": -Infinity}',
    "a lone surrogate": r'{"code": "A1B2C3D4E5F6", "landing_path": "\ud800"}',
    "a lone surrogate in a name": r'{"code": "A1B2C3D4E5F6", "\udfff": 1}',
    "deep lists": "[" * 8000 + "]" * 8000,
    "deep objects": '{"a":' * 2700 + "1" + "}" * 2700,
    "a number of 9,000 digits": "1" * 9000,
    "not UTF-8": b'{"code": "A1B2C3D4E5F6\xff\xfe"}',
    "Latin-1": '{"code": "é"}'.encode("latin-1"),
    "a null byte": b"\x00",
    "an array": "[]",
    "an array of bodies": '[{"code": "A1B2C3D4E5F6"}]',
    "null": "null",
    "a number": "42",
    "a text": '"A1B2C3D4E5F6"',
    "true": "true",
}
ROUTES = {
    "capture_click": ("/referrals/click", None),
    "attribute_signup": ("/referrals/signups", "service_key"),
    "reject_referral": ("/admin/referrals/{id}/reject", "admin_key"),
    "approve_referral": ("/admin/referrals/{id}/approve", "admin_key"),
    "decide_referrals": ("/admin/referrals/decisions", "admin_key"),
    "disable_code": (f"/admin/codes/{CODE}/disable", "admin_key"),
    "enable_code": (f"/admin/codes/{CODE}/enable", "admin_key"),
    "create_webhook_endpoint": ("/admin/webhook-endpoints", "admin_key"),
    "erase_user": ("/admin/users/user-held/erase", "admin_key"),
    "change_plan": ("/admin/accounts/user-held/plan", "admin_key"),
}


@pytest.fixture
def post(programme):
    held = programme.in_review("user-held")["attribution"]["id"]

    def send(function, body, **details):
        path, key = ROUTES[function]
        credentials = {"key": getattr(programme, key)} if key else {}
        return request(
            function, "POST", path.replace("{id}", held), body=body, **credentials, **details
        )

    return send


@pytest.mark.parametrize("function", ROUTES)
def test_every_malformed_body_is_a_400_that_changes_nothing(post, untouched, function):
    for name, body in MALFORMED.items():
        with untouched():
            assert post(function, body).status == 400, name


@pytest.mark.parametrize("function", ROUTES)
@pytest.mark.parametrize("body", ["%%%", "bm90IGpzb24", "é", "AAA\u0000"])
def test_a_body_that_is_no_base64_is_a_400_that_changes_nothing(post, untouched, function, body):
    with untouched():
        answer = post(function, body, encoded=True)
    assert answer.status == 400


@pytest.mark.parametrize("function", ROUTES)
def test_a_body_over_16_kb_is_a_413_that_changes_nothing(post, untouched, function):
    with untouched():
        answer = post(function, padded(LARGEST + 1))
    assert answer.status == 413
    assert answer.body["msg"] == "the body is over 16 KB"


@pytest.mark.parametrize("function", ROUTES)
def test_the_limit_is_of_what_base64_stands_for(post, untouched, function):
    with untouched():
        assert post(function, padded(LARGEST + 1).encode()).status == 413


def test_a_body_of_exactly_16_kb_is_taken(post):
    assert post("capture_click", padded(LARGEST)).good
    assert post("capture_click", padded(LARGEST).encode()).good


def test_the_limit_counts_bytes_and_not_characters(post):
    body = json.dumps({"code": CODE, "landing_path": "é" * LARGEST}, ensure_ascii=False)
    assert post("capture_click", body[: LARGEST - 10]).status == 413


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_good_body_is_taken_whatever_the_client_calls_it(post, content_type):
    answer = post("capture_click", {"code": CODE}, headers={"content-type": content_type})
    assert answer.good


def test_unknown_fields_are_let_be(post):
    assert post("capture_click", {"code": CODE, "gclid": "abc", "nested": {"a": [1]}}).good


@pytest.mark.parametrize("body", ["", "   ", "{}"])
def test_a_review_needs_no_body(post, body):
    assert post("reject_referral", body).good["attribution"]["status"] == "rejected"


@pytest.mark.parametrize("verdict", ["reject_referral", "approve_referral"])
@pytest.mark.parametrize("reason", [5, ["a"], {}, True, "x" * 501])
def test_a_reason_that_is_no_short_text_is_refused(post, untouched, verdict, reason):
    with untouched():
        answer = post(verdict, {"reason": reason})
    assert answer.status == 400
    assert answer.fields == ["reason"]
