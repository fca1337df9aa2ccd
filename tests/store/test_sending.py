"""The way that a request takes to DynamoDB: connections are kept, and failures are the SDK's."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from referrals.store import sdk

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
    yield server
    server.hushed.set()
    server.shutdown()
    server.server_close()


def client(attempts=1, read_timeout=3):
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return sdk.client("dynamodb", retries=retries, connect_timeout=1, read_timeout=read_timeout)


def get(client):
    return client.get_item(TableName="referrals", Key=ITEM)["Item"]


def test_one_connection_serves_many_requests(dynamodb):
    one = client()
    assert [get(one) for _ in range(5)] == [ITEM] * 5
    assert dynamodb.connections == 1


def test_no_header_is_sent_twice(dynamodb):
    get(client())
    (named,) = dynamodb.named
    assert len(named) == len(set(named))
    assert {"host", "authorization", "x-amz-target", "content-length"} <= set(named)


def test_requests_side_by_side_have_a_connection_each(dynamodb):
    one = client()
    threads = [threading.Thread(target=get, args=(one,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dynamodb.requests) == 8
    assert dynamodb.connections <= 8


def test_a_connection_that_was_closed_meanwhile_is_not_used(dynamodb):
    dynamodb.script = ["well, then leave"]
    one = client()
    get(one)
    assert dynamodb.left.wait(5)
    assert get(one) == ITEM
    assert len(dynamodb.requests) == 2


def test_a_request_that_got_no_answer_is_repeated_where_it_may_be(dynamodb):
    dynamodb.script = ["hang up", "hang up"]
    assert get(client(attempts=4)) == ITEM
    assert len(dynamodb.requests) == 3


def test_a_request_that_goes_out_once_is_not_repeated(dynamodb):
    dynamodb.script = ["hang up"]
    with pytest.raises(ConnectionClosedError):
        get(client(attempts=1))
    assert len(dynamodb.requests) == 1


def test_silence_ends_with_the_timeout(dynamodb):
    dynamodb.script = ["silence"]
    with pytest.raises(ReadTimeoutError):
        get(client(read_timeout=0.1))


def test_nobody_there(dynamodb, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(EndpointConnectionError):
            get(client())


def test_a_refusal_is_the_sdks_own(dynamodb):
    dynamodb.script = ["refuse"]
    one = client()
    with pytest.raises(one.exceptions.ConditionalCheckFailedException) as refusal:
        get(one)
    assert isinstance(refusal.value, ClientError)


def test_behind_a_proxy_the_sdk_sends_by_itself(dynamodb, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    # Nothing is made of it.
    monkeypatch.setattr(sdk, "Sender", None)
    assert get(client()) == ITEM
