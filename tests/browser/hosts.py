"""Host names over TLS on this machine: the service's, the product's, a stranger's."""

import base64
import hashlib
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

# To these there is no body, or it would be read as the beginning of the next answer.
BARE = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}
# What a page that is careful sends: nothing inline, nothing from elsewhere.
STRICT = "default-src 'self'"


@dataclass(frozen=True)
class Asked:
    """One request to a host."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Told:
    """What a host answers."""

    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200


Answers = Callable[[Asked], Told]


def page(text: str, *, type: str = "text/html", policy: str = STRICT, **headers: str) -> Told:
    """A page or a script, under a policy of what it may load."""
    told = [("Content-Type", f"{type}; charset=utf-8"), ("Content-Security-Policy", policy)]
    told += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Told(text.encode(), told)


def html(body: str, head: str = "", title: str = "A product") -> str:
    """A whole document."""
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )


def passed_on(port: int) -> Answers:
    """Whatever listens on a port of this machine, under a name."""

    def answer(asked: Asked) -> Told:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(asked.method, asked.path, asked.body, dict(asked.headers))
            answered = connection.getresponse()
            told = [one for one in answered.getheaders() if one[0].lower() not in HOP_BY_HOP]
            return Told(answered.read(), told, answered.status)
        finally:
            connection.close()

    return answer


class Hosts(ThreadingHTTPServer):
    """Every name of `*.shop.test` and the like leads here; `hosts[name]` is what it answers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Host)
        self.hosts: dict[str, Answers] = {}
        certificate = trustme.CA().issue_cert("shop.test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        # The handshake is the connection's own affair: nobody waits for another's.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self._key = _key_of(certificate.cert_chain_pems[0].bytes())
        self._thread = threading.Thread(target=self.serve_forever, name="hosts", daemon=True)
        self._thread.start()

    @property
    def arguments(self) -> list[str]:
        """What a Chromium needs to be told to find the names here, and to trust this key alone."""
        return [
            f"--host-resolver-rules=MAP *.test 127.0.0.1:{self.server_port}",
            f"--ignore-certificate-errors-spki-list={self._key}",
        ]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no error."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Host(BaseHTTPRequestHandler):
    server: Hosts
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        answers = self.server.hosts.get(self.headers.get("Host", ""))
        told = (
            answers(Asked(self.command, self.path, headers, body)) if answers else Told(status=404)
        )
        self.send_response_only(told.status)
        for name, value in told.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if told.status in BARE:
            self.end_headers()
            return
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told.body)

    # http.server asks for these names.
    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Silent: a test says what it wants to know."""


def _key_of(pem: bytes) -> str:
    public = load_pem_x509_certificate(pem).public_key()
    told = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(told).digest()).decode()
