"""Events that are asked for: the same that others are sent, in an order that never changes."""

import json

import pytest

from referrals.edge import webhook_courier as couriers
from tests.functions.client import invoke
from tests.functions.receiving import Receiving


@pytest.fixture
def hand_on(programme):
    """The news of some users, handed on to whoever listens, as publish_events would."""

    def tell(endpoint, *users):
        ids = [programme.referral_of(user_id)["attribution"]["id"] for user_id in users]
        return invoke("deliver_events", {"endpoint": endpoint, "referrals": ids})

    return tell


def test_who_asks_gets_what_others_are_sent_under_the_same_ids(programme, hand_on, monkeypatch):
    sent_to, asks = Receiving(), programme.listen(url=None).good
    monkeypatch.setattr(couriers, "sender", lambda: sent_to)
    assert not {"url", "secret"} & asks.keys()
    other = programme.listen().good["id"]
    programme.rewarded("user-1")
    for endpoint in (asks["id"], other):
        assert hand_on(endpoint, "user-1") == {"arrived": 5, "failed": 0}
    sent = [{"id": headers["webhook-id"], **json.loads(body)} for _, headers, body in sent_to.got]
    assert programme.pull(asks["id"]).good["items"] == sent


def test_a_cursor_goes_on_where_the_page_ended_and_there_is_always_one(programme, hand_on):
    asks = programme.listen(url=None).good["id"]
    empty = programme.pull(asks).good
    assert (empty["items"], empty["more"]) == ([], False)
    programme.rewarded("user-1")
    hand_on(asks, "user-1")
    whole = programme.pull(asks, after=empty["next_cursor"]).good
    assert [one["sequence"] for one in whole["items"]] == [1, 2, 3, 4, 5]
    first = programme.pull(asks, limit="2").good
    rest = programme.pull(asks, after=first["next_cursor"]).good
    assert (first["more"], rest["more"]) == (True, False)
    assert first["items"] + rest["items"] == whole["items"]
    programme.signup("user-2")
    hand_on(asks, "user-1", "user-2")
    (new,) = programme.pull(asks, after=rest["next_cursor"]).good["items"]
    assert new["type"] == "referral.attributed"
    assert programme.pull(asks).good["items"] == [*whole["items"], new]


def test_who_asks_for_some_types_gets_those(programme, hand_on):
    asks = programme.listen("credits.granted", url=None).good["id"]
    programme.rewarded("user-1")
    hand_on(asks, "user-1")
    found = programme.pull(asks).good["items"]
    assert [one["type"] for one in found] == ["credits.granted", "credits.granted"]


def test_a_page_has_a_hundred_events_at_most(programme, hand_on):
    asks = programme.listen(url=None).good["id"]
    users = [f"user-{number}" for number in range(35)]
    for user_id in users:
        programme.rewarded(user_id)
    hand_on(asks, *users)
    found = programme.pull(asks, limit="1000").good
    assert (len(found["items"]), found["more"]) == (100, True)


def test_what_has_happened_to_a_person_who_was_erased_since_is_told_of_nobody(programme, hand_on):
    asks = programme.listen(url=None).good["id"]
    programme.rewarded("user-1")
    hand_on(asks, "user-1")
    assert programme.admin("erase_user", "POST", "/admin/users/user-1/erase", body={}).good
    answer = programme.pull(asks)
    assert len(answer.good["items"]) == 5
    assert "user-1" not in answer.text


def test_a_cursor_of_another_endpoint_or_of_nobody_is_a_400(programme):
    asks, other = (programme.listen(url=None).good["id"] for _ in range(2))
    theirs = programme.pull(other).good["next_cursor"]
    for wrong in (theirs, "x", theirs[:-4] + "AAAA"):
        answer = programme.pull(asks, after=wrong)
        assert (answer.status, answer.fields) == (400, ["after"])


def test_only_who_asks_is_answered(programme):
    sent_to = programme.listen().good["id"]
    assert programme.pull(sent_to).status == 400
    assert programme.pull("we_unknown").status == 404
    assert programme.admin("pull_events", "GET", "/admin/events").fields == ["endpoint"]


@pytest.mark.parametrize(
    ("function", "what"),
    [
        ("rotate_webhook_secret", "/rotate"),
        ("send_test_event", "/test"),
        ("replay_events", "/replay"),
    ],
)
def test_who_asks_has_no_secret_and_is_sent_nothing(programme, untouched, function, what):
    asks = programme.listen(url=None).good["id"]
    query = {"from": "2026-01-01T00:00:00Z"}
    with untouched():
        answer = programme.endpoint(function, "POST", asks, what, query=query)
    assert answer.status == 400
