"""Events out: from a request by way of the table's stream to a receiver that verifies them."""

import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from referrals.edge import clock, starting
from referrals.edge import webhook_courier as couriers
from referrals.edge.webhook_sender import Sender
from referrals.rules.retries import Answer
from referrals.rules.webhook_signature import signed
from tests import stripe_payloads
from tests.functions.client import invoke
from tests.functions.receiving import record_of
from tests.iam import guard
from tests.receiver import Receiver
from tests.tables import everything
from tests.template import template


def _types(receiving):
    return [json.loads(body)["type"] for _, _, body in receiving.got]


def test_whoever_listens_gets_each_step_once_in_order_and_can_verify_it(
    programme, receiving, stream
):
    made = programme.listen().good
    programme.rewarded("user-1")
    stream(times=2)
    assert _types(receiving) == [
        *("referral.attributed", "referral.qualified", "referral.rewarded"),
        *("credits.granted", "credits.granted"),
    ]
    known = Webhook(made["secret"])
    told = [known.verify(body, dict(headers)) for _, headers, body in receiving.got]
    assert [one["sequence"] for one in told] == [1, 2, 3, 4, 5]
    assert {url for url, _, _ in receiving.got} == {"https://hooks.example.com/"}
    shown = programme.referral_of("user-1")
    assert told[-1]["data"]["attribution"] == shown["attribution"]
    assert told[-1]["data"]["rewards"] == shown["rewards"]


def test_where_nobody_listens_nothing_is_started_and_nothing_written(
    programme, receiving, stream, untouched
):
    programme.rewarded("user-1")
    with untouched():
        assert stream() == 0
    assert receiving.got == []


def test_the_stream_carries_births_lines_and_bookings_and_clicks_where_they_are_wanted():
    """So that what happens all the time starts nothing."""
    mapping = template()["Resources"]["PublishEventsStream"]["Properties"]
    always, wanted = mapping["FilterCriteria"]["Filters"]
    condition, clicks, nothing = wanted["Fn::If"]
    assert (condition, nothing) == ("TellsOfClicks", {"Ref": "AWS::NoValue"})
    assert json.loads(clicks["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "CLICK#"}]}}},
    }
    assert template()["Parameters"]["ClickEvents"]["Default"] == "false"
    assert json.loads(always["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {
            "Keys": {"sk": {"S": ["ATTRIBUTION", {"prefix": "AUDIT#"}, {"prefix": "LEDGER#"}]}}
        },
    }


def test_a_record_that_cannot_be_read_holds_up_no_other(programme, receiving, stream, monkeypatch):
    programme.listen()
    programme.signup("user-1")
    everybody = everything(programme.table)
    broken = [one | {"created_at": "never"} for one in everybody if one["sk"] == "ATTRIBUTION"]
    started = []
    monkeypatch.setattr(starting, "start", guard.starts(started))
    invoke("publish_events", {"Records": [record_of(one) for one in (*broken, *everybody)]})
    assert len(started) == 1


def test_a_receiver_of_some_types_gets_those(programme, receiving, stream):
    programme.listen("credits.reversed")
    sale = programme.referred("user-1")
    programme.pay(sale)
    stream()
    assert receiving.got == []
    programme.stripe(stripe_payloads.charge_refunded(sale))
    stream()
    assert _types(receiving) == ["credits.reversed", "credits.reversed"]


def test_what_did_not_arrive_is_shown_and_comes_by_the_clock(programme, receiving, stream, time_is):
    now = time_is(clock.now())
    made = programme.listen().good
    receiving.answer = Answer(500)
    programme.signup("user-1")
    stream()
    shown = programme.endpoint("list_deliveries", "GET", made["id"], "/deliveries").good
    (stuck,) = shown["items"]
    assert (stuck["tries"], stuck["problem"], stuck["given_up"]) == (1, "answered 500", False)
    assert shown["endpoint"]["enabled"]
    receiving.answer, receiving.got[:] = Answer(200), []
    time_is(now + timedelta(minutes=1))
    assert invoke("deliver_events", {}) == {"arrived": 1, "failed": 0}
    assert _types(receiving) == ["referral.attributed"]
    shown = programme.endpoint("list_deliveries", "GET", made["id"], "/deliveries").good
    assert shown["items"] == []


def test_who_is_switched_off_is_shown_and_comes_back_by_a_replay(programme, receiving, stream):
    made = programme.listen().good
    receiving.answer = Answer(410)
    programme.signup("user-1")
    stream()
    (off,) = programme.admin("list_webhook_endpoints", "GET", "/admin/webhook-endpoints").good[
        "items"
    ]
    assert (off["enabled"], off["disabled_why"]) == (False, "answered 410")
    receiving.answer, receiving.got[:] = Answer(200), []
    programme.signup("user-2")
    stream()
    assert receiving.got == []
    query = {"from": made["created_at"]}
    done = programme.endpoint("replay_events", "POST", made["id"], "/replay", query=query)
    assert done.good == {"referrals": 2}
    invoke("deliver_events", {})
    assert _types(receiving) == ["referral.attributed", "referral.attributed"]


@pytest.mark.parametrize("wrong", ["yesterday", "2026-11-20", "9999-01-01T00:00:00Z", ""])
def test_a_replay_is_from_a_time_that_was(programme, wrong, untouched):
    made = programme.listen().good["id"]
    with untouched():
        answer = programme.endpoint("replay_events", "POST", made, "/replay", query={"from": wrong})
    assert (answer.status, answer.fields) == (400, ["from"])


def test_a_rotated_secret_and_the_one_before_verify_for_a_day(
    programme, receiving, stream, time_is
):
    now = time_is(clock.now())
    made = programme.listen().good
    rotated = programme.endpoint("rotate_webhook_secret", "POST", made["id"], "/rotate").good
    again = programme.endpoint("rotate_webhook_secret", "POST", made["id"], "/rotate").good
    assert rotated["secret"] == again["secret"] != made["secret"]
    programme.signup("user-1")
    stream()
    ((_, headers, body),) = receiving.got
    for secret in (made["secret"], rotated["secret"]):
        assert Webhook(secret).verify(body, dict(headers))
    time_is(now + timedelta(hours=25))
    programme.signup("user-2")
    stream()
    _, headers, body = receiving.got[-1]
    # The library looks at the time by its own clock.
    headers = dict(headers) | {"webhook-timestamp": headers["webhook-timestamp"]}
    signature = headers["webhook-signature"]
    at = now + timedelta(hours=25)
    assert (
        signature
        == signed(headers["webhook-id"], body, at, [rotated["secret"]])["webhook-signature"]
    )


def test_a_test_event_tells_what_was_answered(programme, receiving):
    made = programme.listen().good
    told = programme.endpoint("send_test_event", "POST", made["id"], "/test").good
    assert told == {"arrived": True, "told": "answered 200"}
    ((_, headers, body),) = receiving.got
    assert Webhook(made["secret"]).verify(body, dict(headers))["type"] == "endpoint.test"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43 + "=").verify(body, dict(headers))
    receiving.answer = Answer(problem="its name leads nowhere")
    told = programme.endpoint("send_test_event", "POST", made["id"], "/test").good
    assert told == {"arrived": False, "told": "its name leads nowhere"}


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "http://127.0.0.1:8080/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://user:password@hooks.example.com/",
        "https://localhost/",
        "ftp://hooks.example.com/",
        "",
    ],
)
def test_a_url_that_is_not_to_be_sent_to_is_a_400_that_stores_nothing(programme, untouched, url):
    with untouched():
        answer = programme.listen(url=url)
    assert (answer.status, answer.fields) == (400, ["url"])


def test_a_type_that_is_none_is_a_400(programme, untouched):
    with untouched():
        answer = programme.listen("referral.invented")
    assert answer.status == 400


def test_a_secret_is_shown_once_and_kept_nowhere(programme, table, logs):
    made = programme.listen().good
    rotated = programme.endpoint("rotate_webhook_secret", "POST", made["id"], "/rotate").good
    shown = [
        programme.admin("list_webhook_endpoints", "GET", "/admin/webhook-endpoints").text,
        programme.endpoint("list_deliveries", "GET", made["id"], "/deliveries").text,
        json.dumps(everything(table), default=sorted),
        logs(),
    ]
    for secret in (made["secret"], rotated["secret"]):
        assert secret.startswith("whsec_")
        key = secret.removeprefix("whsec_")
        assert not any(key in text for text in shown)


@pytest.mark.parametrize(
    ("function", "method", "what"),
    [
        ("rotate_webhook_secret", "POST", "/rotate"),
        ("send_test_event", "POST", "/test"),
        ("replay_events", "POST", "/replay"),
        ("list_deliveries", "GET", "/deliveries"),
    ],
)
def test_nobody_who_does_not_listen_is_a_404(programme, untouched, function, method, what):
    query = {"from": "2026-01-01T00:00:00Z"}
    with untouched():
        unknown = programme.endpoint(function, method, "we_unknown", what, query=query)
        malformed = programme.endpoint(function, method, "we_" + "x" * 2000, what, query=query)
    assert (unknown.status, malformed.status) == (404, 400)


def test_who_is_deleted_hears_nothing_more_and_again_is_the_same(programme, receiving, stream):
    made = programme.listen().good["id"]
    for _ in range(2):
        told = programme.endpoint("delete_webhook_endpoint", "DELETE", made, "")
        assert told.good == {"id": made}
    programme.signup("user-1")
    assert stream() == 0
    assert receiving.got == []


def test_on_the_local_stack_a_receiver_on_this_machine_will_do(programme, configure, monkeypatch):
    """By http, and nowhere else: what is deployed sends to the open internet alone."""
    receiver = Receiver(plain=True)
    try:
        configure(ENVIRONMENT="local")
        monkeypatch.setattr(couriers, "sender", lambda: Sender(here=True))
        made = programme.listen(url=f"http://127.0.0.1:{receiver.server_port}/hook").good
        told = programme.endpoint("send_test_event", "POST", made["id"], "/test").good
        assert told == {"arrived": True, "told": "answered 200"}
        (came,) = receiver.received
        assert Webhook(made["secret"]).verify(came.body, came.headers)
        monkeypatch.setattr(couriers, "sender", Sender)
        told = programme.endpoint("send_test_event", "POST", made["id"], "/test").good
        assert not told["arrived"]
        assert len(receiver.received) == 1
    finally:
        receiver.stop()
