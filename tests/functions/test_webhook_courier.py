"""From the table to a receiver over TLS: what it verifies is the referral as staff see it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from standardwebhooks import Webhook

from referrals.acts.delivering import Delivered, deliver, deliver_due
from referrals.dynamodb import side_by_side
from referrals.edge.webhook_courier import courier
from referrals.edge.webhook_sender import Sender
from referrals.rules.ids import attribution_id
from referrals.rules.webhook_signature import secret_of
from referrals.store import deliveries, webhook_endpoints
from tests.receiver import Receiver, status, trusting
from tests.samples import NOW, SECRET
from tests.store.listening import NEW, Listening

# Seconds: far more than anything here takes.
_PATIENCE = 20


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.stop()


@pytest.fixture
def hanging():
    one = Receiver()
    yield one
    one.stop()


@pytest.fixture
def sent(receiver):
    """Sends what is new of a rewarded referral to the receiver."""
    world = Listening()
    world.listen()
    world.scene.sign_up()
    world.scene.pay()
    post = courier(SECRET, Sender(allowed=lambda address: address.is_loopback, trusted=trusting()))
    runs = iter(range(9))

    def send(**changes):
        there = replace(world.endpoint(), url=receiver.url(), **changes)
        return deliver(world.table, there, NEW, post, f"run-{next(runs)}")

    return send


def test_a_receiver_verifies_every_event_and_reads_the_referral(receiver, sent):
    assert sent() == Delivered(arrived=5)
    known = Webhook(secret_of(SECRET, "we_1", "salt"))
    told = [known.verify(came.body, came.headers) for came in receiver.received]
    assert [one["type"] for one in told][:3] == [
        "referral.attributed",
        "referral.qualified",
        "referral.rewarded",
    ]
    assert len({came.headers["webhook-id"] for came in receiver.received}) == 5
    rewarded = told[2]
    assert rewarded["timestamp"] == "2026-11-20T12:00:00.000Z"
    assert rewarded["data"]["attribution"]["id"] == NEW
    assert rewarded["data"]["attribution"]["status"] == "rewarded"
    assert [one["role"] for one in rewarded["data"]["rewards"]] == ["referrer", "referred"]
    assert rewarded["data"]["transition"]["from_status"] == "qualified"
    assert {one["data"]["booking"]["user_id"] for one in told[3:]} == {"ref", "new"}


def test_nothing_is_told_that_staff_are_not_shown(receiver, sent):
    sent()
    hidden = ("hash", "version", "stripe_customer_id", "salt", SECRET.decode())
    for came in receiver.received:
        assert not any(word in came.body for word in hidden)
        assert None not in json.loads(came.body)["data"]["attribution"].values()


def test_during_a_rotation_both_secrets_verify(receiver, sent):
    sent(salt="new", old_salt="salt", old_until=NOW.replace(year=9999))
    for salt in ("new", "salt"):
        known = Webhook(secret_of(SECRET, "we_1", salt))
        assert all(known.verify(came.body, came.headers) for came in receiver.received)


def test_who_hangs_delays_nobody_else(receiver, hanging, monkeypatch):
    """It answers when the other has everything; whoever waited for it would wait in vain."""
    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", ThreadPoolExecutor)
    world, let_go, were_let_go = Listening(), threading.Event(), []
    where = {"we_1": hanging.url(), "we_2": receiver.url()}
    ids = [attribution_id(SECRET, f"user-{number}") for number in range(10)]

    def hang(handler):
        were_let_go.append(let_go.wait(_PATIENCE / 2))
        status(200)(handler)

    hanging.script = [hang] * len(ids)
    for endpoint_id in where:
        world.listen(endpoint_id)
    for number, one in enumerate(ids):
        world.scene.sign_up(f"user-{number}")
        for endpoint_id in where:
            deliveries.put_off(world.table, endpoint_id, one, NOW, NOW)
    sender = Sender(lambda one: one.is_loopback, trusting(), seconds=_PATIENCE)
    post = courier(SECRET, sender)

    def send(endpoint, event):
        answer = post.send(replace(endpoint, url=where[endpoint.id]), event)
        if len(receiver.received) == len(ids):
            let_go.set()
        return answer

    done = deliver_due(world.table, replace(post, send=send, now=lambda: NOW), "run")
    assert sum(one.arrived for one in done) == 2 * len(ids)
    assert were_let_go == [True] * len(ids)


def test_what_fails_on_the_wire_is_a_failed_try(receiver, sent):
    receiver.script = [status(302, Location="https://elsewhere.example.com/")]
    assert sent() == Delivered(problem="answered 302")
    assert len(receiver.received) == 1


def test_an_endpoint_is_no_way_to_this_machine(receiver):
    world = Listening()
    world.listen()
    world.scene.sign_up()
    there = replace(world.endpoint(), url=receiver.url())
    done = deliver(world.table, there, NEW, courier(SECRET, Sender(trusted=trusting())), "run")
    assert done == Delivered(problem="its name leads to an address that is not public")
    assert receiver.received == []
    assert webhook_endpoints.get(world.table, "we_1").enabled
