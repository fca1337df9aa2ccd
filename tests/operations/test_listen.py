"""`make listen`: a receiver that verifies what comes, prints it, and is gone when it ends."""

import json
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local import listen
from local.failure import Failure
from referrals.rules.webhook_signature import secret_of, signed

SECRET = secret_of(b"secret", "we_1", "salt")
EVENT = {
    "type": "referral.rewarded",
    "timestamp": "2026-11-20T12:00:00.000Z",
    "sequence": 3,
    "data": {
        "attribution": {"referred_user_id": "user-new"},
        "transition": {"from_status": "qualified", "to_status": "rewarded"},
    },
}


@pytest.fixture
def service():
    """Answers what the API would of an endpoint, and keeps what it was asked."""

    class Api(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.server.asked.append((self.command, self.path, body))
            data = {"id": "we_1", "secret": SECRET}
            full = self.server.full and self.command == "POST"
            answer = {"code": 200, "msg": "16 endpoints listen already", "data": data}
            self.send_response(400 if full else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_DELETE = do_POST  # noqa: N815

        def log_message(self, *_):
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.asked, server.full = [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def stack(service):
    url = f"http://127.0.0.1:{service.server_port}/api/v1"
    return {"REFERRALS_URL": url, "REFERRALS_ADMIN_KEY": "key"}


def sent(url, secret=SECRET):
    """The status of an event that is posted as the service posts it."""
    body = json.dumps(EVENT)
    headers = signed("evt_1_2_1", body, datetime.now(UTC), [secret])
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_what_is_signed_is_printed_and_what_is_not_is_refused(stack, service):
    said = []
    with listen.listening(stack, said.append) as endpoint:
        assert endpoint == "we_1"
        ((_, path, body),) = service.asked
        assert path == "/api/v1/admin/webhook-endpoints"
        assert sent(body["url"]) == 204
        assert sent(body["url"], secret_of(b"another", "we_1", "salt")) == 401
    told, refused = said
    assert told.split() == [
        *("2026-11-20T12:00:00.000Z", "referral.rewarded", "user-new", "step", "3", "evt_1_2_1"),
        *('{"from_status":', '"qualified",', '"to_status":', '"rewarded"}'),
    ]
    assert refused.startswith("not to be trusted")


def test_who_stops_listening_is_deleted(stack, service):
    with pytest.raises(KeyboardInterrupt), listen.listening(stack, print):
        raise KeyboardInterrupt
    assert service.asked[-1][:2] == ("DELETE", "/api/v1/admin/webhook-endpoints/we_1")


def test_a_refusal_is_told_in_its_own_words(stack, service):
    service.full = True
    with pytest.raises(Failure, match="16 endpoints"), listen.listening(stack, print):
        pass
