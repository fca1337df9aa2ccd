"""`make listen`: a receiver here that verifies each event and prints it, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from local.environment import HERE, read
from local.failure import Failure


def main() -> int:
    # Also where a shell in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with listening(read(), print) as endpoint:
            print(f"{endpoint} listens; Ctrl-C ends it", flush=True)
            while True:
                time.sleep(1)
    except KeyboardInterrupt:
        return 0
    except urllib.error.URLError:
        print("make listen: the local stack is not running: make run", file=sys.stderr)
    except Failure as failure:
        print(f"make listen: {failure}", file=sys.stderr)
    return 1


@contextmanager
def listening(stack: Mapping[str, str], say: Callable[[str], object]) -> Iterator[str]:
    """An endpoint of the stack, by its id, whose events are told as they come."""
    receiver = Receiver(say)
    try:
        url = f"http://{HERE}:{receiver.server_port}/"
        made = _ask(stack, "POST", "", {"url": url})
        receiver.secret = made["secret"]
        try:
            yield made["id"]
        finally:
            _ask(stack, "DELETE", f"/{made['id']}")
    finally:
        receiver.stop()


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, say: Callable[[str], object]) -> None:
        super().__init__((HERE, 0), _Receiving)
        self.say = say
        self.secret = ""
        self._thread = threading.Thread(target=self.serve_forever, name="receiver", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Receiving(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            event = Webhook(self.server.secret).verify(body, headers)
        except WebhookVerificationError as problem:
            self.server.say(f"not to be trusted: {problem}")
            self._answer(HTTPStatus.UNAUTHORIZED)
            return
        self.server.say(told(headers["webhook-id"], event))
        self._answer(HTTPStatus.NO_CONTENT)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """What came is told above."""


def told(event_id: str, event: Mapping[str, Any]) -> str:
    """An event in two lines: what happened to whose referral, and how."""
    data = event["data"]
    whose = data.get("attribution", {}).get("referred_user_id", "nobody")
    what = data.get("transition") or data.get("booking") or {}
    first = f"{event['timestamp']}  {event['type']:<24} {whose}  step {event['sequence']}"
    return f"{first}  {event_id}\n    {json.dumps(what, ensure_ascii=False)}"


def _ask(stack: Mapping[str, str], method: str, what: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{stack['REFERRALS_URL']}/admin/webhook-endpoints{what}",
        json.dumps(body or {}).encode(),
        {"x-api-key": stack["REFERRALS_ADMIN_KEY"], "content-type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as refused:
        raise Failure(json.load(refused)["msg"]) from refused


if __name__ == "__main__":
    sys.exit(main())
