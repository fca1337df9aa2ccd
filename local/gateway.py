"""The stable front door: http://127.0.0.1:<port>/api/v1 leads to the emulator's HTTP API.

MiniStack serves an API under a path with a random id in it, and starts one more worker process
for every request that finds all others busy. Here the path is fixed and a burst waits its turn.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local import demo
from local.cors import Cors

JWKS_PATH = "/.well-known/jwks.json"
# Enough that processes race each other, and few enough that a burst starts no crowd of them.
AT_ONCE = 16
# What API Gateway takes.
LARGEST_BODY = 10 * 1024 * 1024
UPSTREAM_TIMEOUT = 60.0
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


class TooLarge(Exception):
    """The body is more than API Gateway would take."""


class Gateway(ThreadingHTTPServer):
    daemon_threads = True
    # A burst of a thousand connections should wait, not be refused.
    request_queue_size = 1024

    def __init__(self, port: int, upstream_port: int, api_id: str, jwks: bytes, cors: Cors) -> None:
        super().__init__(("127.0.0.1", port), Forward)
        self.cors = cors
        self.pages = demo.pages()
        self.upstream_port = upstream_port
        self.prefix = f"/_aws/execute-api/{api_id}"
        self.jwks = jwks
        self.turns = threading.BoundedSemaphore(AT_ONCE)
        self._thread = threading.Thread(target=self.serve_forever, name="gateway", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()


class Forward(BaseHTTPRequestHandler):
    """Passes a request on as it came and brings the answer back as it is."""

    server: Gateway
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        try:
            body = self._body()
        except TooLarge:
            self.close_connection = True
            self._answer(413, {"message": "Request Entity Too Large"})
        except ValueError:
            self.close_connection = True
            self._answer(400, {"message": "Bad Request"})
        else:
            path = self.path.split("?", 1)[0]
            # Functions fetch the JWKS while they hold a turn: it must not wait for one.
            if path == JWKS_PATH:
                self._send(200, [("Content-Type", "application/json")], self.server.jwks)
            elif page := self.server.pages.get(path):
                self._send(page.status, page.headers, page.body)
            elif self.server.cors.is_preflight(self.command, dict(self.headers.items())):
                self._send(204, self.server.cors.preflight(self.headers.get("Origin")), b"")
            else:
                with self.server.turns:
                    self._pass_on(body)

    # http.server asks for these names.
    do_GET = do_HEAD = do_POST = do_PUT = forward  # noqa: N815
    do_PATCH = do_DELETE = do_OPTIONS = forward  # noqa: N815

    def _pass_on(self, body: bytes) -> None:
        connection = HTTPConnection(
            "127.0.0.1", self.server.upstream_port, timeout=UPSTREAM_TIMEOUT
        )
        try:
            connection.putrequest(
                self.command,
                self.server.prefix + self.path,
                skip_host=True,
                skip_accept_encoding=True,
            )
            for name, value in _end_to_end(self.headers):
                if name.lower() != "content-length":
                    connection.putheader(name, value)
            connection.putheader("X-Forwarded-For", self.client_address[0])
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            headers = self.server.cors.answered(
                _end_to_end(response.headers), self.headers.get("Origin")
            )
            self._send(response.status, headers, response.read())
        except BrokenPipeError:
            self.close_connection = True
        except (OSError, HTTPException):
            self._answer(503, {"message": "Service Unavailable"})
        finally:
            connection.close()

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._chunks())
        length = int(self.headers.get("Content-Length") or 0)
        if length <= LARGEST_BODY:
            return self.rfile.read(length)
        # Read to the end, or the sender would see a broken connection and not the answer.
        while length > 0 and (piece := self.rfile.read(min(length, 65536))):
            length -= len(piece)
        raise TooLarge

    def _chunks(self) -> Iterator[bytes]:
        left = LARGEST_BODY
        while size := int(self.rfile.readline().split(b";")[0], 16):
            left -= size
            if left < 0:
                raise TooLarge
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _answer(self, status: int, message: dict[str, str]) -> None:
        self._send(status, [("Content-Type", "application/json")], json.dumps(message).encode())

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the functions log, and the emulator does."""


def _end_to_end(headers: Message) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower() not in HOP_BY_HOP:
            yield name, value
