"""Stripe's API as far as it is asked, over HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# The most that a page holds unless more are asked for.
PAGE = 10


class FakeStripe:
    """Answers by path, or a status for all, on a port of its own until `stop`."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.status = 200
        self.asked: list[str] = []
        fake = self

        class Api(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, answer = fake.answer(self.path)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(target)
        asked = urlsplit(target)
        found = self.answers.get(asked.path)
        if self.status != 200 or not found:
            failed = self.status if self.status != 200 else 404
            return failed, {"error": {"type": "invalid_request_error"}}
        if found["object"] != "list":
            return 200, found
        return 200, _page(found, parse_qs(asked.query))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _page(whole: dict[str, Any], query: dict[str, list[str]]) -> dict[str, Any]:
    """The page of a list that follows `starting_after`, no longer than `limit`."""
    data, size = whole["data"], int(query.get("limit", [str(PAGE)])[0])
    after = query.get("starting_after")
    start = [one["id"] for one in data].index(after[0]) + 1 if after else 0
    return whole | {"data": data[start : start + size], "has_more": start + size < len(data)}
