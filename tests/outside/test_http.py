"""Credits in the product's own billing: what is asked, what it may answer, and what comes of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from referrals.acts.erasure import erase
from referrals.edge.http_credits import LONGEST_ANSWER, HttpCredits
from referrals.edge.webhook_sender import Sender
from referrals.rules.attribution import Role
from referrals.rules.retries import Answer
from tests.outside.product import SECRET, URL, product_code
from tests.outside.stripe_account import FATES, LOST_ANSWER
from tests.receiver import Receiver, trusting
from tests.samples import PAID
from tests.samples import SECRET as HASHING_SECRET

NEW_SECRET = "whsec_" + 8 * "bmV3ZXN0"


@pytest.fixture
def scene(made):
    return made("http")


def _reward(scene, role=Role.REFERRED, user="new"):
    return next(one for one in scene.of(user).rewards if one.role is role)


def _ok(**told):
    return Answer(200, body=json.dumps(told).encode())


def test_recovery_tells_the_product_what_to_do(scene):
    scene.paid()
    assert scene.recovered().recovered == 2
    reward = _reward(scene)
    assert {
        "type": "credits.grant",
        "timestamp": "2026-11-20T12:00:00.000Z",
        "data": {
            "key": reward.id,
            "credits_grant_key": reward.id,
            "user_id": "new",
            "credits": 10_000,
            "attribution_id": reward.attribution_id,
        },
    } in scene.product.bodies
    assert reward.outside_id == scene.product.kept()[reward.id][0]


def test_a_reversal_names_the_grant_and_its_own_key(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID // 2)
    scene.recovered()
    own = [one for one in scene.product.bodies if one["data"]["user_id"] == "new"]
    (_, reversal) = own
    key = _reward(scene).id
    assert reversal["type"] == "credits.reversal"
    asked = reversal["data"]
    assert (asked["key"], asked["credits_grant_key"]) == (f"reversal:{key}", key)
    assert asked["credits"] == 5_000


@pytest.mark.parametrize("fate", FATES)
def test_a_month_later_a_repeat_is_still_no_second_grant(scene, fate):
    scene.paid()
    scene.wire.before = lambda *_: fate
    scene.recovered()
    scene.wire.before = lambda *_: None
    scene.later(timedelta(days=30))
    assert scene.recovered().recovered == 2
    assert (scene.effects(), scene.credits("new")) == (2, 10_000)
    assert scene.differences() == []


def test_the_same_is_asked_at_each_try(scene):
    scene.paid()
    scene.wire.before = lambda *_: LOST_ANSWER
    scene.recovered()
    scene.later(timedelta(hours=3))
    scene.recovered()
    told = sorted(json.dumps(one) for one in scene.product.bodies)
    assert told[0] == told[1]
    assert told[2] == told[3]


def test_two_secrets_sign_while_one_replaces_the_other(scene):
    scene.backend = HttpCredits(URL, lambda: (NEW_SECRET, SECRET), scene.product, lambda: scene.at)
    scene.paid()
    assert scene.recovered().recovered == 2


def test_a_product_that_knows_another_secret_is_told_of_it(scene):
    scene.backend = HttpCredits(URL, lambda: (NEW_SECRET,), scene.product, lambda: scene.at)
    scene.paid()
    assert scene.recovered().recovered == 0
    assert _reward(scene).credits_grant_error == (
        "the product's billing answered 401; does it know the secret?"
    )


def test_without_a_secret_nothing_is_asked(scene):
    scene.backend = HttpCredits(URL, lambda: (), scene.product, lambda: scene.at)
    scene.paid()
    scene.recovered()
    assert _reward(scene).credits_grant_error == "the credits secret is empty"
    assert scene.product.asked == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(problem="no answer within 5 s"), "the product's billing: no answer within 5 s"),
        (Answer(302), "the product's billing answered 302; no redirect is followed"),
        (Answer(500, body=b"<html>"), "the product's billing answered 500"),
        (Answer(422, body=b'{"error": "no such plan"}'), "…answered 422: no such plan"),
        (Answer(422, body=b'{"error": 7}'), "…answered 422"),
        (Answer(422, body=b"[" * 9_000), "…answered 422"),
        (
            Answer(400, body=json.dumps({"error": f"{SECRET[6:]}, sk_live_5 of a@b.com"}).encode()),
            "…answered 400: …, … of …",
        ),
        (Answer(204), "the product's answer has no id of 1 to 200 characters"),
        (_ok(id=""), "the product's answer has no id of 1 to 200 characters"),
        (_ok(id=7), "the product's answer has no id of 1 to 200 characters"),
        (_ok(id="x" * 201), "the product's answer has no id of 1 to 200 characters"),
        (Answer(200, body=b'"id"'), "the product's answer has no id of 1 to 200 characters"),
        (Answer(200, body=b"\xff"), "the product's answer has no id of 1 to 200 characters"),
    ],
)
def test_what_is_no_answer_is_told_and_asked_again(scene, answer, told):
    scene.backend = HttpCredits(URL, lambda: (SECRET, SECRET[6:]), scene.product, lambda: scene.at)
    scene.paid()
    scene.product.says = answer
    assert scene.recovered().recovered == 0
    said = _reward(scene).credits_grant_error
    assert said == told.replace("…answered", "the product's billing answered")
    scene.product.says = None
    scene.later()
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


@pytest.mark.parametrize("taken", [None, -1, 10_001, "5", 2.5, True])
def test_a_reversal_that_does_not_say_what_it_took_is_asked_again(scene, taken):
    scene.paid()
    scene.recovered()
    scene.claim(PAID)
    scene.product.says = _ok(id="b_1", taken=taken)
    scene.recovered()
    assert "how many it has taken of 10000" in _reward(scene).credits_grant_error
    assert _reward(scene).reversed_credits == 0
    scene.product.says = None
    scene.later()
    scene.recovered()
    assert _reward(scene).reversed_credits == 10_000
    assert scene.differences() == []


def test_a_retry_after_ends_the_run_and_is_waited_for(scene):
    users = [f"new{n}" for n in range(4)]
    for user in users:
        scene.paid(user)
    scene.product.says = Answer(429, "7200")
    scene.recovered(limit=200)
    assert len(scene.product.asked) == 1
    (waiting,) = [
        one for user in users for one in scene.of(user).rewards if one.credits_grant_error
    ]
    assert waiting.next_attempt_at == scene.at + timedelta(hours=2)
    assert waiting.credits_grant_error == "the product's billing answered 429"


def test_what_is_refused_is_the_only_one_that_waits(scene):
    users = [f"new{n}" for n in range(6)]
    for user in users:
        scene.paid(user)
    scene.product.says = Answer(422)
    assert len(scene.recovered(limit=200).errors) == 12


def test_who_is_gone_there_gets_nothing_and_is_settled(scene):
    scene.paid()
    scene.delete("new")
    scene.recovered()
    assert scene.of().status == "rewarded"
    scene.claim(PAID)
    scene.recovered()
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (0, 10_000)
    assert scene.differences() == []


def test_who_was_erased_after_the_order_is_granted_under_the_order_s_key(scene):
    scene.paid()
    scene.wire.before = lambda *_: LOST_ANSWER
    scene.recovered()
    erased = erase(scene.table, HASHING_SECRET, "new", None, scene.programme).tombstone
    scene.wire.before = lambda *_: None
    scene.later()
    scene.recovered()
    assert (scene.credits("new"), scene.balance(erased)) == (10_000, 0)
    scene.claim(PAID)
    scene.recovered()
    assert scene.credits("new") == 0
    told = [one["data"]["user_id"] for one in scene.product.bodies[2:]]
    assert sorted(set(told)) == sorted({"ref", erased})
    assert scene.differences() == []


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.stop()


def _by_the_documented_code(product):
    """A script of a receiver that answers as docs/product/credits.py does."""
    code = product_code()

    def answer(handler):
        came = handler.server.received[-1]
        status, told = code.take(came.body.encode(), came.headers, product.database)
        body = json.dumps(told).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize("knows", [SECRET, NEW_SECRET])
def test_the_code_that_the_docs_show_verifies_and_answers_over_the_wire(
    scene, receiver, monkeypatch, knows
):
    monkeypatch.setenv("REFERRALS_CREDITS_SECRET", knows)
    receiver.script = 9 * [_by_the_documented_code(scene.product)]
    sender = Sender(
        lambda address: address.is_loopback, trusting(), seconds=3, reads=LONGEST_ANSWER
    )
    scene.backend = HttpCredits(
        receiver.url(), lambda: (SECRET,), sender, lambda: datetime.now(UTC)
    )
    scene.paid()
    if knows != SECRET:
        assert "answered 401: the signature is not right" in scene.recovered().errors[0]
        assert scene.effects() == 0
        return
    assert scene.recovered().recovered == 2
    scene.spend("new", 4_000)
    scene.claim(PAID)
    scene.recovered()
    assert (scene.credits("ref"), scene.credits("new")) == (0, 0)
    assert _reward(scene).shortfall == 4_000
    assert scene.differences() == []
