"""POST /admin/referrals/decisions: many referrals at once, an answer for each, and none twice."""

from datetime import UTC, datetime
from functools import partial

import pytest

from referrals.acts import review
from referrals.acts.review import Decision
from referrals.rules.attribution import Actor
from referrals.rules.programme import Programme
from tests.functions.running import REFERRER
from tests.store.side_by_side import at_once

KEY = "monday-morning"


@pytest.fixture
def held(programme):
    return [programme.in_review(f"user-{number}")["attribution"]["id"] for number in range(3)]


def decide(programme, *decisions, key=KEY, **details):
    body = {"idempotency_key": key, "decisions": list(decisions)}
    path = "/admin/referrals/decisions"
    return programme.admin("decide_referrals", "POST", path, body=body, **details)


def verdict(word, identity, **more):
    return {"id": identity, "verdict": word, **more}


def test_each_is_decided_and_answered_in_its_place(programme, held):
    answer = decide(
        programme,
        verdict("approve", held[0], reason="a known company"),
        verdict("reject", held[1], reason="same office"),
    ).good["items"]
    assert [(one["id"], one["code"], one["status"]) for one in answer] == [
        (held[0], 200, "rewarded"),
        (held[1], 200, "rejected"),
    ]
    assert {one["reviewed_by"] for one in answer} == {"admin-user"}
    assert programme.status_of("user-2") == "review_required"
    assert programme.balance(REFERRER) == programme.balance("user-0") == 10_000
    assert programme.story_of("user-0")["audit"][-1]["why"] == "a known company"


def test_stale_ones_are_explained_and_the_rest_is_done(programme, held):
    programme.review("reject", held[1])
    rewarded = programme.rewarded("user-rewarded")["attribution"]["id"]
    answer = decide(
        programme,
        *(verdict("approve", one) for one in [*held, rewarded, "attr_unknown"]),
    ).good["items"]
    assert [one["code"] for one in answer] == [200, 409, 200, 409, 404]
    assert [one.get("status") for one in answer] == [
        *("rewarded", "rejected", "rewarded", "rewarded", None)
    ]
    assert answer[1]["msg"] == "the attribution is rejected, not waiting for review"
    assert programme.balance(REFERRER) == 30_000


def test_a_hundred_are_taken_and_one_more_is_not(programme):
    answer = decide(programme, *(verdict("reject", f"attr_{n}") for n in range(100)))
    assert [one["code"] for one in answer.good["items"]] == [404] * 100
    answer = decide(programme, *(verdict("reject", f"attr_{n}") for n in range(101)))
    assert (answer.status, answer.fields) == (400, ["decisions"])


def test_sent_again_it_is_answered_as_it_was(programme, held, untouched):
    wanted = [verdict("approve", held[0]), verdict("approve", "attr_unknown")]
    first = decide(programme, *wanted).good
    with untouched():
        assert decide(programme, *wanted).good == first


def test_what_has_changed_since_does_not_change_the_answer(programme, held):
    first = decide(programme, verdict("reject", held[0])).good
    programme.review("approve", held[1])
    assert decide(programme, verdict("reject", held[0])).good == first
    assert (
        decide(programme, verdict("reject", held[1]), key="another-key").good["items"][0]["code"]
        == 409
    )


def test_a_key_stands_for_its_decisions_alone(programme, held, untouched):
    decide(programme, verdict("approve", held[0]))
    with untouched():
        answer = decide(programme, verdict("reject", held[1]))
    assert (answer.status, answer.fields) == (400, ["idempotency_key"])


def test_another_reviewers_key_is_another(programme, held):
    decide(programme, verdict("approve", held[0]))
    other = programme.new_key("other-reviewer", "admin")
    answer = decide(programme, verdict("approve", held[1]), key=KEY)
    assert answer.status == 400
    body = {"idempotency_key": KEY, "decisions": [verdict("approve", held[1])]}
    path = "/admin/referrals/decisions"
    answer = programme.admin("decide_referrals", "POST", path, body=body, key=other)
    assert answer.good["items"][0]["reviewed_by"] == "other-reviewer"


def test_one_that_cannot_be_written_stops_no_other(programme, held):
    programme.break_account("user-0")
    answer = decide(programme, *(verdict("approve", one) for one in held)).good["items"]
    assert [one["status"] for one in answer] == ["qualified", "rewarded", "rewarded"]
    assert programme.balance(REFERRER) == 30_000


def test_one_that_fails_is_told_and_done_when_it_is_sent_again(programme, held, monkeypatch):
    carried_out = review.carry_out

    def failing(table, attribution, *others):
        if attribution.id == held[0]:
            raise RuntimeError("nobody foresaw this")
        return carried_out(table, attribution, *others)

    wanted = [verdict("approve", one) for one in held]
    with monkeypatch.context() as patch:
        patch.setattr(review, "carry_out", failing)
        assert [one["code"] for one in decide(programme, *wanted).good["items"]] == [500, 200, 200]
    assert [one["code"] for one in decide(programme, *wanted).good["items"]] == [200, 200, 200]
    assert programme.balance(REFERRER) == 30_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "forgive", "id": "attr_1"},
        {"id": "attr_1"},
        {"verdict": "approve"},
        {"verdict": "approve", "id": ""},
        {"verdict": "approve", "id": "attr_1", "reason": "x" * 501},
    ],
)
def test_one_malformed_decision_refuses_all(programme, held, untouched, wrong):
    with untouched():
        assert decide(programme, verdict("approve", held[0]), wrong).status == 400


def test_a_referral_is_decided_once_in_a_request(programme, held, untouched):
    with untouched():
        answer = decide(programme, verdict("approve", held[0]), verdict("reject", held[0]))
    assert (answer.status, answer.fields) == (400, ["decisions"])


@pytest.mark.parametrize("key", ["short", "x" * 65, "with space", ""])
def test_a_key_is_of_its_form(programme, held, untouched, key):
    with untouched():
        answer = decide(programme, verdict("approve", held[0]), key=key)
    assert (answer.status, answer.fields) == (400, ["idempotency_key"])


def test_the_same_decisions_many_times_at_once_pay_once(programme, held):
    decisions = [Decision(attribution_id=one, approved=True) for one in held]
    jo = Actor(name="jo", at=datetime.now(UTC))
    acts = [partial(review.decide, programme.table, decisions, Programme(), jo) for _ in range(4)]
    for done in at_once(acts):
        assert [one.refusal for one in done] == [None] * 3
    assert programme.balance(REFERRER) == 30_000
