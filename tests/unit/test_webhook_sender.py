"""Sending one event: what a receiver, a name or the net between may do, and what comes of it."""

import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_address

import pytest

from referrals.edge import kept_connections
from referrals.edge.webhook_sender import Sender
from referrals.rules.retries import Answer
from tests import receiver as receivers
from tests.receiver import Receiver, status, trusting

_BODY = '{"type":"referral.rewarded","why":"é"}'
_HEADERS = {"webhook-id": "evt_1_1_0"}


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.stop()


@pytest.fixture
def sender():
    """One that may reach this machine, and no other."""
    one = Sender(lambda address: address.is_loopback, trusting(), seconds=0.6)
    yield one
    one.close()


@pytest.fixture
def keeper():
    """A receiver that keeps its connections open."""
    one = Receiver(keeps=True)
    yield one
    one.stop()


def _leads(monkeypatch, *answers):
    """A name that leads somewhere else each time it is looked up."""
    real, left = socket.getaddrinfo, list(answers)

    def looked_up(host, port, *rest, **more):
        if host == "hooks.example.com":
            found = left.pop(0)
            return [place for one in found for place in real(one, port, *rest, **more)]
        return real(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


def test_what_is_sent_is_what_was_signed(sender, receiver):
    answer = sender.send(receiver.url(path="/hook?a=b"), _HEADERS, _BODY)
    assert answer == Answer(200)
    (came,) = receiver.received
    assert (came.path, came.body) == ("/hook?a=b", _BODY)
    assert came.headers["webhook-id"] == "evt_1_1_0"
    assert came.headers["content-type"] == "application/json"
    assert came.headers["host"] == f"localhost:{receiver.server_port}"


@pytest.mark.parametrize("code", [200, 204, 404, 410, 500])
def test_a_status_is_told_as_it_came(sender, receiver, code):
    receiver.script = [status(code)]
    assert sender.send(receiver.url(), _HEADERS, _BODY) == Answer(code)


def test_retry_after_is_told(sender, receiver):
    receiver.script = [status(429, Retry_After="120")]
    assert sender.send(receiver.url(), _HEADERS, _BODY) == Answer(429, "120")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_no_redirect_is_followed(sender, receiver, code):
    receiver.script = [status(code, Location=receiver.url(path="/elsewhere"))]
    assert sender.send(receiver.url(), _HEADERS, _BODY) == Answer(code)
    assert [came.path for came in receiver.received] == ["/hook"]


@pytest.mark.parametrize("slow", [receivers.hang, receivers.drip])
def test_whoever_does_not_answer_in_time_gets_no_more(sender, receiver, slow):
    receiver.script = [slow]
    began = time.monotonic()
    told = Answer(problem="no answer within 0.6 s", silent=True)
    assert sender.send(receiver.url(), _HEADERS, _BODY) == told
    # Far from the ten seconds for which they would go on.
    assert time.monotonic() - began < 5


def test_a_connection_that_is_closed_is_a_failure(sender, receiver):
    receiver.script = [receivers.close]
    answer = sender.send(receiver.url(), _HEADERS, _BODY)
    assert answer == Answer(problem="the connection failed")


def test_nobody_listening_is_a_failure(sender, receiver):
    url = receiver.url()
    receiver.server_close()
    assert not sender.send(url, _HEADERS, _BODY).arrived


def test_a_certificate_that_nobody_trusts_is_refused(receiver):
    wary = Sender(lambda _: True, ssl.create_default_context(), seconds=2)
    answer = wary.send(receiver.url(), _HEADERS, _BODY)
    assert answer.problem == "its certificate is not to be trusted"
    assert receiver.received == []


def test_a_certificate_of_another_name_is_refused(sender, receiver):
    answer = sender.send(receiver.url("127.0.0.1"), _HEADERS, _BODY)
    assert answer.problem == "its certificate is not to be trusted"
    assert receiver.received == []


@pytest.mark.parametrize("inside", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "::1"])
def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch, receiver, inside):
    _leads(monkeypatch, [inside])
    connected = []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **_: connected.append(a))
    answer = Sender(trusted=trusting()).send(receiver.url("hooks.example.com"), _HEADERS, _BODY)
    assert answer.problem == "its name leads to an address that is not public"
    assert connected == []


def test_one_address_inside_among_others_is_enough_to_refuse(monkeypatch, receiver):
    _leads(monkeypatch, ["93.184.215.14", "10.0.0.7"])
    answer = Sender(trusted=trusting()).send(receiver.url("hooks.example.com"), _HEADERS, _BODY)
    assert answer.problem == "its name leads to an address that is not public"


def test_a_name_is_looked_at_anew_each_time_and_not_between_the_look_and_the_connect(
    monkeypatch, receiver, sender
):
    _leads(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    url = receiver.url("hooks.example.com")
    assert sender.send(url, _HEADERS, _BODY) == Answer(200)
    assert sender.send(url, _HEADERS, _BODY).problem.endswith("not public")
    assert len(receiver.received) == 1


def test_a_name_that_leads_nowhere_is_a_failure(monkeypatch, sender):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = sender.send("https://hooks.example.com/", _HEADERS, _BODY)
    assert answer.problem == "its name leads nowhere"


def test_the_usual_sender_allows_public_addresses_alone_and_waits_five_seconds():
    usual = Sender()
    assert usual.seconds == 5
    assert usual.allowed(ip_address("93.184.215.14"))
    assert not usual.allowed(ip_address("127.0.0.1"))
    assert usual.trusted.verify_mode is ssl.CERT_REQUIRED
    assert usual.trusted.check_hostname


def test_of_what_is_answered_so_much_is_read_as_is_of_interest(receiver, sender):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "26")
        handler.end_headers()
        handler.wfile.write(b"abcdefghijklmnopqrstuvwxyz")

    receiver.script = [answer, answer]
    assert sender.send(receiver.url(), _HEADERS, _BODY).body == b""
    reading = replace(sender, reads=3)
    assert reading.send(receiver.url(), _HEADERS, _BODY) == Answer(200, body=b"abc")


_WHOLE = [
    pytest.param(status(200), id="empty"),
    pytest.param(status(204), id="no content"),
    pytest.param(receivers.body(b"thanks", Content_Length="6"), id="a body"),
    pytest.param(
        receivers.body(b"6\r\nthanks\r\n", b"0\r\n\r\n", Transfer_Encoding="chunked"), id="chunks"
    ),
]
_NOT_TO_ITS_END = [
    pytest.param(status(200, Connection="close"), id="says that it closes"),
    pytest.param(receivers.body(b"thanks", Content_Length="60"), id="a body that never ends"),
    pytest.param(receivers.body(b"x" * 70_000, Content_Length="70000"), id="a long body"),
    pytest.param(receivers.body(b"x" * 65_536, Content_Length="70000"), id="a body that stalls"),
    pytest.param(receivers.body(b"x\r\n", Transfer_Encoding="chunked"), id="wrong chunks"),
]


@pytest.mark.parametrize("answer", _WHOLE)
def test_events_share_a_connection(sender, keeper, answer):
    keeper.script = [answer, answer]
    for _ in range(3):
        assert sender.send(keeper.url(), _HEADERS, _BODY).arrived
    assert (len(keeper.received), keeper.connections) == (3, 1)


@pytest.mark.parametrize("answer", _NOT_TO_ITS_END)
def test_an_answer_that_does_not_end_arrived_and_ends_its_connection(sender, keeper, answer):
    keeper.script = [answer]
    for _ in range(2):
        assert sender.send(keeper.url(), _HEADERS, _BODY) == Answer(200)
    assert (len(keeper.received), keeper.connections) == (2, 2)


def test_an_error_ends_the_connection(sender, keeper):
    keeper.script = [status(500)]
    assert sender.send(keeper.url(), _HEADERS, _BODY) == Answer(500)
    assert sender.send(keeper.url(), _HEADERS, _BODY) == Answer(200)
    assert keeper.connections == 2


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([receivers.then_close(status(200))], id="between two events"),
        pytest.param([status(200), receivers.close], id="when the next has come"),
    ],
)
def test_a_kept_connection_that_is_closed_fails_no_event(sender, keeper, script):
    keeper.script = script
    for _ in range(2):
        assert sender.send(keeper.url(), _HEADERS, _BODY) == Answer(200)
    assert keeper.connections == 2


def test_who_hangs_on_a_kept_connection_gets_no_second_try(sender, keeper):
    keeper.script = [status(200), receivers.hang]
    assert sender.send(keeper.url(), _HEADERS, _BODY) == Answer(200)
    assert sender.send(keeper.url(), _HEADERS, _BODY).problem == "no answer within 0.6 s"
    assert (len(keeper.received), keeper.connections) == (2, 1)


@pytest.mark.parametrize(
    "uses",
    [
        pytest.param((0, 5), id="unused for long"),
        pytest.param(range(0, 64, 3), id="used for long"),
    ],
)
def test_no_connection_outlives_its_look_by_much(monkeypatch, sender, keeper, uses):
    """A name that leads inside by now is not sent to where it led before."""
    _leads(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    url = keeper.url("hooks.example.com")
    *before, last = uses
    for at in before:
        monkeypatch.setattr(kept_connections.time, "time", lambda at=at: 1_000_000.0 + at)
        assert sender.send(url, _HEADERS, _BODY) == Answer(200)
    monkeypatch.setattr(kept_connections.time, "time", lambda: 1_000_000.0 + last)
    assert sender.send(url, _HEADERS, _BODY).problem.endswith("not public")
    assert (len(keeper.received), keeper.connections) == (len(before), 1)


def test_side_by_side_each_event_has_a_connection_of_its_own(sender, keeper):
    meet = threading.Barrier(4, timeout=5)

    def all_are_here(handler):
        meet.wait()
        status(200)(handler)

    keeper.script = [all_are_here] * 8
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            sent = pool.map(lambda _: sender.send(keeper.url(), _HEADERS, _BODY), range(4))
            assert [*sent] == [Answer(200)] * 4
    assert (len(keeper.received), keeper.connections) == (8, 4)
