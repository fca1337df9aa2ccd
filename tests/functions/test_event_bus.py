"""Events to the account's own bus: the same ones, in order, and tried again where it refuses."""

import json
from datetime import timedelta

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from ministack.services import eventbridge

from referrals.dynamodb import sdk
from referrals.edge import clock, event_bus
from referrals.rules.events import test_event as an_event_of_nothing
from referrals.rules.retries import Answer
from tests.functions.client import invoke
from tests.functions.event_bus import BUS, FakeBus
from tests.iam import roles
from tests.tables import Body
from tests.template import template

ALL = [
    *("referral.attributed", "referral.qualified", "referral.rewarded"),
    *("credits.granted", "credits.granted"),
]


@pytest.fixture
def bus(configure, monkeypatch):
    """One that is named, and takes what comes."""
    one = FakeBus()
    monkeypatch.setattr(event_bus, "_events", lambda: one)
    configure(EVENT_BUS=BUS)
    return one


def _listed(programme):
    answer = programme.admin("list_webhook_endpoints", "GET", "/admin/webhook-endpoints")
    return answer.good["items"]


def _stuck(programme):
    return programme.endpoint("list_deliveries", "GET", "we_bus", "/deliveries").good["items"]


def test_the_bus_hears_what_receivers_hear_in_order_under_the_same_ids(
    programme, receiving, bus, stream
):
    programme.listen()
    programme.rewarded("user-1")
    stream(times=2)
    assert [one["DetailType"] for one in bus.entries] == ALL
    assert {(one["EventBusName"], one["Source"]) for one in bus.entries} == {(BUS, "referrals")}
    sent = [
        {"webhook_id": headers["webhook-id"], **json.loads(body)}
        for _, headers, body in receiving.got
    ]
    assert bus.details == sent
    assert [one["sequence"] for one in bus.details] == [1, 2, 3, 4, 5]


def test_without_a_name_there_is_no_bus(programme, receiving, stream, untouched):
    programme.rewarded("user-1")
    with untouched():
        assert stream() == 0
    assert _listed(programme) == []


def test_a_bus_is_an_endpoint_like_others(programme, bus, stream):
    programme.signup("user-1")
    stream()
    (listed,) = _listed(programme)
    assert (listed["id"], listed["url"], listed["enabled"]) == ("we_bus", "eventbus", True)


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [
        ("ThrottlingException", "EventBridge: ThrottlingException"),
        ("InternalFailure", "EventBridge: InternalFailure"),
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents"),
            "EventBridge: AccessDeniedException",
        ),
        (ReadTimeoutError(endpoint_url="https://"), "EventBridge: ReadTimeoutError"),
        (EndpointConnectionError(endpoint_url="https://"), "EventBridge: EndpointConnectionError"),
    ],
)
def test_what_the_bus_refuses_is_tried_again_and_what_follows_waits(
    programme, bus, stream, time_is, refusal, problem
):
    now = time_is(clock.now())
    bus.refusals = [None, refusal]
    programme.rewarded("user-1")
    stream()
    assert [one["DetailType"] for one in bus.entries] == ALL[:1]
    (stuck,) = _stuck(programme)
    assert (stuck["tries"], stuck["problem"], stuck["given_up"]) == (1, problem, False)
    time_is(now + timedelta(minutes=1))
    assert invoke("deliver_events", {}) == {"arrived": 4, "failed": 0}
    assert [one["DetailType"] for one in bus.entries] == ALL
    assert _stuck(programme) == []


def test_a_bus_that_is_named_late_hears_from_then_on_and_the_rest_by_a_replay(
    programme, bus, stream, configure
):
    configure(EVENT_BUS="")
    programme.rewarded("user-1")
    stream()
    made = clock.now() - timedelta(hours=1)
    configure(EVENT_BUS=BUS)
    programme.signup("user-2")
    stream()
    assert "referral.attributed" in [one["DetailType"] for one in bus.entries]
    query = {"from": made.isoformat()}
    done = programme.endpoint("replay_events", "POST", "we_bus", "/replay", query=query).good
    assert done == {"referrals": 2}
    bus.entries.clear()
    invoke("deliver_events", {})
    assert sorted(one["DetailType"] for one in bus.entries) == sorted([*ALL, ALL[0]])


def test_a_name_that_is_taken_away_switches_the_bus_off(programme, bus, stream, configure):
    programme.signup("user-1")
    stream()
    configure(EVENT_BUS="")
    programme.signup("user-2")
    stream()
    (listed,) = _listed(programme)
    assert (listed["enabled"], listed["disabled_why"]) == (False, "no event bus is named")
    assert len(bus.entries) == 1
    configure(EVENT_BUS=BUS)
    query = {"from": listed["created_at"]}
    assert programme.endpoint("replay_events", "POST", "we_bus", "/replay", query=query).good
    invoke("deliver_events", {})
    assert len({one["webhook_id"] for one in bus.details}) == 2


def test_the_bus_is_sent_a_test_event_and_has_no_secret(programme, bus, stream):
    programme.signup("user-1")
    stream()
    told = programme.endpoint("send_test_event", "POST", "we_bus", "/test").good
    assert told == {"arrived": True, "told": "answered 200"}
    assert bus.entries[-1]["DetailType"] == "endpoint.test"
    assert programme.endpoint("rotate_webhook_secret", "POST", "we_bus", "/rotate").status == 400
    assert programme.listen(url="eventbus").status == 400


@pytest.fixture
def kept(monkeypatch):
    """By the real client, to MiniStack's EventBridge: what it has kept."""
    client, log = sdk.client("events"), eventbridge._events_log_list()

    def answer(request, **_):
        status, headers, body = eventbridge._put_events(json.loads(request.body))
        return AWSResponse(request.url, status, headers, Body(body))

    client.meta.events.register("before-send.events.PutEvents", answer)
    monkeypatch.setattr(event_bus, "_events", lambda: client)
    log.clear()
    return log


def test_rules_see_it_as_it_was_put(kept):
    event = an_event_of_nothing("1", clock.now())
    assert event_bus.put("product", event) == Answer(200)
    (one,) = kept
    assert (one["EventBusName"], one["Source"]) == ("product", "referrals")
    assert one["DetailType"] == "endpoint.test"
    assert json.loads(one["Detail"]) == {"webhook_id": event.id, **json.loads(event.body())}


def test_an_answer_that_is_good_may_hold_a_failure(kept, monkeypatch):
    """Sources that begin so are AWS's own: the call succeeds, and what is in it does not."""
    monkeypatch.setattr(event_bus, "SOURCE", "aws.referrals")
    answer = event_bus.put("product", an_event_of_nothing("1", clock.now()))
    assert answer == Answer(problem="EventBridge: NotAuthorizedForSourceException")
    assert kept == []


def test_who_may_put_events_may_on_the_named_bus_alone_and_nobody_where_none_is_named():
    may = {}
    for function in roles.policies():
        for one in roles.statements(function):
            if any(action.startswith("events:") for action in one.actions):
                may[function] = (one.actions, one.resources)
    bus = f"arn:aws:events:{roles.REGION}:{roles.ACCOUNT}:event-bus/{BUS}"
    alone = (["events:PutEvents"], [bus])
    assert {name: (list(a), list(r)) for name, (a, r) in may.items()} == {
        "deliver_events": alone,
        "send_test_event": alone,
    }
    for resource in template()["Resources"].values():
        for policy in resource.get("Properties", {}).get("Policies", ()):
            for one in policy.get("Statement", ()):
                assert one.get("Sid") not in ("SendToTheBus", "MeetTheBus")
                if "Fn::If" in one:
                    switch, _, otherwise = one["Fn::If"]
                    assert (switch, otherwise) == ("HasEventBus", {"Ref": "AWS::NoValue"})
