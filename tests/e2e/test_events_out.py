"""Events out on the deployed stack: the table's stream, who sends, and a receiver that verifies."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from local import listen
from tests import stripe_payloads
from tests.e2e.listening import PATIENCE, told_of
from tests.receiver import Receiver, status


@pytest.fixture
def receiver():
    one = Receiver(plain=True)
    yield one
    one.stop()


@pytest.fixture
def listening(service, receiver):
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    made = service.admin("POST", "/admin/webhook-endpoints", {"url": url}).good
    yield made
    assert service.admin("DELETE", f"/admin/webhook-endpoints/{made['id']}").good


def test_what_happens_comes_to_whoever_listens_in_order(service, receiver, listening):
    _, code = service.new_referrer()
    user, sale = service.referred(code)
    assert service.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
    told = told_of(receiver, listening, user, 5)
    assert [one["type"] for one in told] == [
        *("referral.attributed", "referral.qualified", "referral.rewarded"),
        *("credits.granted", "credits.granted"),
    ]
    assert [one["sequence"] for one in told] == [1, 2, 3, 4, 5]


def test_make_listen_prints_what_comes_and_leaves_nothing_behind(service):
    stack = {"REFERRALS_URL": service.url, "REFERRALS_ADMIN_KEY": service.admin_key}
    said, until = [], time.monotonic() + PATIENCE
    with listen.listening(stack, said.append) as endpoint:
        _, code = service.new_referrer()
        user, _ = service.referred(code)
        while not any(user in line for line in said):
            assert time.monotonic() < until, said
            time.sleep(0.2)
        told = service.admin("POST", f"/admin/webhook-endpoints/{endpoint}/test").good
        assert told == {"arrived": True, "told": "answered 204"}
    (line,) = [line for line in said if user in line]
    assert re.search(rf"referral\.attributed +{user} +step 1 +evt_", line)
    assert '"to_status": "attributed"' in line
    listed = service.admin("GET", "/admin/webhook-endpoints").good["items"]
    assert endpoint not in [one["id"] for one in listed]


def test_what_failed_comes_again_by_the_clock_and_by_a_replay(service, receiver, listening):
    receiver.script = [status(500)]
    _, code = service.new_referrer()
    begun = datetime.now(UTC) - timedelta(minutes=1)
    user, _ = service.referred(code)
    path = f"/admin/webhook-endpoints/{listening['id']}"
    # The schedule's run is due within a minute; here it need not be waited for.
    until = time.monotonic() + PATIENCE
    while not service.admin("GET", f"{path}/deliveries").good["items"]:
        assert time.monotonic() < until
        time.sleep(0.2)
    time.sleep(6)
    service.invoke("deliver_events", {})
    (first,) = told_of(receiver, listening, user, 1)
    assert first["sequence"] == 1
    before = [came.headers["webhook-id"] for came in receiver.received]
    query = {"from": begun.isoformat()}
    replayed = service.admin("POST", f"{path}/replay", query=query).good
    while "next_cursor" in replayed:
        again = query | {"cursor": replayed["next_cursor"]}
        replayed = service.admin("POST", f"{path}/replay", query=again).good
    service.invoke("deliver_events", {})
    known = [came.headers["webhook-id"] for came in receiver.received[len(before) :]]
    assert json.loads(receiver.received[-1].body)["data"]
    assert set(before[1:]) <= set(known)
