"""Whoever listens for events: an https server on this machine that answers what a script says."""

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

_authority = trustme.CA()


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str


# Answers in place of the handler.
Script = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, **headers: str) -> Script:
    """An answer without a body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def hang(handler: BaseHTTPRequestHandler) -> None:
    """Says nothing for longer than anybody waits here."""
    handler.server.stopped.wait(10)  # type: ignore[attr-defined]


def drip(handler: BaseHTTPRequestHandler) -> None:
    """An answer that comes byte by byte, and never ends."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-filler: ")
        for _ in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        return


def body(*pieces: bytes, **headers: str) -> Script:
    """A good answer with a body, which may be as wrong as its headers."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(piece)

    return answer


def then_close(script: Script) -> Script:
    """An answer that does not say that the connection is over, and it is."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        script(handler)
        handler.close_connection = True

    return answer


def close(handler: BaseHTTPRequestHandler) -> None:
    """Goes without a word."""
    handler.close_connection = True


class Receiver(ThreadingHTTPServer):
    """Answers what `script` says, in order, and then 200; keeps what came."""

    daemon_threads = True

    def __init__(self, *, plain: bool = False, keeps: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Keeping if keeps else _Answering)
        self.script: list[Script] = []
        self.received: list[Received] = []
        self.connections = 0
        self.stopped = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _authority.issue_cert("localhost", "hooks.example.com").configure_cert(context)
        # The handshake is the handler's thread's: a client that does not come delays no other.
        if not plain:
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what is tested."""

    def stop(self) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def url(self, host: str = "localhost", path: str = "/hook") -> str:
        return f"https://{host}:{self.server_port}{path}"


def trusting() -> ssl.SSLContext:
    """Believes the receiver's certificate, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _authority.configure_trust(context)
    return context


class _Answering(BaseHTTPRequestHandler):
    server: Receiver

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.path, headers, body))
        script = self.server.script
        (script.pop(0) if script else status(200))(self)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Keeping(_Answering):
    """Keeps its connections open, as most servers do."""

    protocol_version = "HTTP/1.1"
