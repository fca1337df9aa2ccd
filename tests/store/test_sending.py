"""The way that a request takes to DynamoDB: connections are kept, and failures are the SDK's."""

import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path

from referrals.dynamodb import sdk, sending

ITEM = {"pk": {"S": "a"}, "sk": {"S": "é"}}


class DynamoDB(ThreadingHTTPServer):
    """Answers what `script` says, in order, and then well; counts connections and requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answering)
        self.connections, self.requests, self.script = 0, [], []
        self.named: list[list[str]] = []
        self.hushed, self.left = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.left.set()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        self.server.requests.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.named.append([name.lower() for name in self.headers])
        step = self.server.script.pop(0) if self.server.script else "well"
        if step == "silence":
            self.server.hushed.wait(5)
        if step in ("silence", "hang up"):
            self.close_connection = True
            return
        refused = {"__type": "x#ConditionalCheckFailedException", "message": "no"}
        body = json.dumps(refused if step == "refuse" else {"Item": ITEM}).encode()
        self.send_response(400 if step == "refuse" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        # The connection is closed after an answer that promised to keep it open.
        self.close_connection = step == "well, then leave"

    def log_message(self, *_):
        pass


@pytest.fixture
def dynamodb(monkeypatch):
    server = DynamoDB()
    for name, value in (("ENDPOINT_URL", server.url), ("ACCESS_KEY_ID", "test")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # With either of them the SDK would send by itself.
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.setattr(sending, "getproxies", dict)
    yield server
    server.hushed.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(monkeypatch):
    """Makes clients, whose connections are closed at the end: in Lambda they live on."""
    senders = []

    class Recorded(sending.Sender):
        def __init__(self, *timeouts):
            super().__init__(*timeouts)
            senders.append(self)

    monkeypatch.setattr(sending, "Sender", Recorded)
    yield made
    for sender in senders:
        for idle in sender._idle.values():
            for connection in idle:
                connection.close()


def made(attempts=1, read_timeout=3):
    retries = {"mode": "standard", "total_max_attempts": attempts}
    one = sdk.client("dynamodb", retries=retries, connect_timeout=1, read_timeout=read_timeout)
    sending.in_one_piece(one)
    return one


def get(client):
    return client.get_item(TableName="referrals", Key=ITEM)["Item"]


def test_one_connection_serves_many_requests(client, dynamodb):
    one = client()
    assert [get(one) for _ in range(5)] == [ITEM] * 5
    assert dynamodb.connections == 1


def test_no_header_is_sent_twice(client, dynamodb):
    get(client())
    (named,) = dynamodb.named
    assert len(named) == len(set(named))
    assert {"host", "authorization", "x-amz-target", "content-length"} <= set(named)


def test_requests_side_by_side_have_a_connection_each(client, dynamodb):
    one = client()
    threads = [threading.Thread(target=get, args=(one,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dynamodb.requests) == 8
    assert dynamodb.connections <= 8


def test_a_connection_that_was_closed_meanwhile_is_not_used(client, dynamodb):
    dynamodb.script = ["well, then leave"]
    one = client()
    get(one)
    assert dynamodb.left.wait(5)
    assert get(one) == ITEM
    assert len(dynamodb.requests) == 2


def test_a_request_that_got_no_answer_is_repeated_where_it_may_be(client, dynamodb):
    dynamodb.script = ["hang up", "hang up"]
    assert get(client(attempts=4)) == ITEM
    assert len(dynamodb.requests) == 3


def test_a_request_that_goes_out_once_is_not_repeated(client, dynamodb):
    dynamodb.script = ["hang up"]
    with pytest.raises(ConnectionClosedError):
        get(client(attempts=1))
    assert len(dynamodb.requests) == 1


def test_silence_ends_with_the_timeout(client, dynamodb):
    dynamodb.script = ["silence"]
    with pytest.raises(ReadTimeoutError):
        get(client(read_timeout=0.1))


def test_nobody_there(client, dynamodb, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(EndpointConnectionError):
            get(client())


def test_a_refusal_is_the_sdks_own(client, dynamodb):
    dynamodb.script = ["refuse"]
    one = client()
    with pytest.raises(one.exceptions.ConditionalCheckFailedException) as refusal:
        get(one)
    assert isinstance(refusal.value, ClientError)


@pytest.fixture
def encrypted(dynamodb, monkeypatch, tmp_path):
    """The same behind TLS, with a certificate that the SDK is told to trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    dynamodb.socket = context.wrap_socket(dynamodb.socket, server_side=True)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setattr(sending, "get_cert_path", lambda _: str(tmp_path / "authority.pem"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", dynamodb.url.replace("http:", "https:"))
    return dynamodb


def test_one_encrypted_connection_serves_many_requests(client, encrypted):
    one = client()
    assert [get(one) for _ in range(5)] == [ITEM] * 5
    assert encrypted.connections == 1


def test_nobody_is_believed_without_a_certificate_that_is_trusted(client, encrypted, monkeypatch):
    monkeypatch.setattr(sending, "get_cert_path", get_cert_path)
    with pytest.raises(SSLError):
        get(client())
    assert encrypted.requests == []


def test_behind_a_proxy_the_sdk_sends_by_itself(client, dynamodb, monkeypatch):
    monkeypatch.setattr(sending, "getproxies", lambda: {"https": "http://127.0.0.1:9"})
    # Nothing is made of it.
    monkeypatch.setattr(sending, "Sender", None)
    assert get(client()) == ITEM
