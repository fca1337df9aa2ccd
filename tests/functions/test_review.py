"""POST /admin/referrals/{id}/reject and /approve, and GET /admin/referrals/{id}."""

import pytest

from tests import stripe_payloads
from tests.functions.running import REFERRER

VERDICTS = ("reject", "approve")


@pytest.fixture
def held(programme):
    return programme.in_review("user-held")["attribution"]["id"]


def history(programme, attribution_id):
    path = f"/admin/referrals/{attribution_id}"
    return programme.admin("get_referral", "GET", path)


def test_rejecting_pays_nobody(programme, held):
    answer = programme.review("reject", held, body={"reason": "same billing account"})
    assert answer.good["attribution"]["status"] == "rejected"
    assert answer.data["rewards"] == []
    assert programme.balance("user-held") == programme.balance(REFERRER) == 0


def test_rejecting_again_is_the_same_answer(programme, held, untouched):
    first = programme.review("reject", held, body={"reason": "first"}).good
    with untouched():
        again = programme.review("reject", held, body={"reason": "second"}).good
    assert again == first


def test_approving_pays_both(programme, held):
    answer = programme.review("approve", held, body={"reason": "a known company"})
    approved = answer.good["attribution"]
    assert approved["status"] == "rewarded"
    assert approved["reviewed_by"] == "admin-user"
    assert [reward["credits"] for reward in answer.data["rewards"]] == [10_000, 10_000]
    assert programme.balance("user-held") == programme.balance(REFERRER) == 10_000


def test_approving_again_is_the_same_answer_and_pays_once(programme, held, untouched):
    first = programme.review("approve", held).good
    with untouched():
        assert programme.review("approve", held).good == first
    assert programme.balance("user-held") == 10_000


def test_approving_over_the_cap_pays_the_referred_user_alone(programme, held, configure):
    configure(MONTHLY_REFERRER_REWARD_CAP=1)
    programme.rewarded("user-first")
    answer = programme.review("approve", held).good
    assert answer["attribution"]["status"] == "capped"
    assert answer["attribution"]["skip_reason"] == "capped"
    assert [reward["role"] for reward in answer["rewards"]] == ["referred"]
    assert programme.balance("user-held") == 10_000
    assert programme.balance(REFERRER) == 10_000


@pytest.mark.parametrize(("first", "second"), [VERDICTS, VERDICTS[::-1]])
def test_the_other_verdict_afterwards_is_a_409(programme, held, untouched, first, second):
    status = programme.review(first, held).good["attribution"]["status"]
    with untouched():
        answer = programme.review(second, held)
    assert answer.status == 409
    assert answer.data["status"] == status


def in_status(programme, status):
    """A referral in a status that no review is for."""
    if status == "attributed":
        return programme.signup("user-other").good["id"]
    if status == "rewarded":
        return programme.rewarded("user-other")["attribution"]["id"]
    owed = programme.owed("user-other")["attribution"]["id"]
    if status == "failed":
        for _ in range(8):
            programme.recover()
    return owed


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("status", ["attributed", "rewarded", "qualified", "failed"])
def test_what_waits_for_no_review_is_a_409_with_its_status(programme, untouched, verdict, status):
    identity = in_status(programme, status)
    assert programme.status_of("user-other") == status
    with untouched():
        answer = programme.review(verdict, identity)
    assert answer.status == 409
    assert answer.data["status"] == status


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_refund_before_the_review_leaves_nothing_to_approve(programme, verdict):
    sale = programme.referred("user-held", email="x@mailinator.com")
    programme.pay(sale)
    programme.stripe(stripe_payloads.charge_refunded(sale))
    rejected = programme.referral_of("user-held")["attribution"]
    assert (rejected["status"], rejected["skip_reason"]) == ("rejected", "refunded")
    answer = programme.review(verdict, rejected["id"])
    assert answer.status == (409 if verdict == "approve" else 200)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize(
    "unknown", ["attr_unknown", "x" * 3000, "a%2Fb", "a b", "\u00e9", "..", "%00", "attr-1"]
)
def test_an_unknown_id_is_a_404(programme, untouched, verdict, unknown):
    with untouched():
        answer = programme.review(verdict, unknown)
    assert answer.status == 404
    assert set(answer.data) == {"request_id"}


def test_the_history_shows_every_step_in_order(programme, held):
    programme.review("approve", held, body={"reason": "a known company"})
    answer = history(programme, held).good
    steps = [(step.get("from_status"), step["to_status"]) for step in answer["audit"]]
    assert steps == [
        (None, "attributed"),
        ("attributed", "review_required"),
        ("review_required", "qualified"),
        ("qualified", "rewarded"),
    ]
    assert [step["by"] for step in answer["audit"]] == [
        "service-backend",
        "stripe",
        "admin-user",
        "admin-user",
    ]
    assert answer["audit"][2]["why"] == "a known company"
    assert answer["attribution"]["id"] == held
    assert len(answer["rewards"]) == 2


def test_the_history_of_an_unknown_id_is_a_404(programme):
    assert history(programme, "attr_unknown").status == 404
    assert history(programme, "x" * 3000).status == 404


def test_a_route_that_no_function_has_is_a_404(programme):
    path = "/admin/referrals/attr_1/forgive"
    assert programme.admin("reject_referral", "POST", path).status == 404
