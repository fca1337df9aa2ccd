"""One try at sending an event: some seconds in all, to public addresses, no redirect followed."""

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from referrals.edge.kept_connections import Connection, KeptConnections
from referrals.rules.retries import Answer
from referrals.rules.webhook_urls import HERE, Address, is_public

_HTTPS = 443
# What is read of an answer, and for how many seconds, so that its connection serves again.
_LONGEST_ANSWER = 64 * 1024
_TO_ITS_END = 0.25


class _NotPublic(OSError):
    pass


@dataclass(frozen=True)
class Sender:
    """Sends to https URLs whose every address is `allowed`; looks anew at each connect.

    `here`, on the local stack, it sends to receivers on this machine too, by http.
    """

    allowed: Callable[[Address], bool] = is_public
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    seconds: float = 5.0
    here: bool = False
    # How many bytes of what is answered are of interest.
    reads: int = 0
    _kept: KeptConnections = field(default_factory=KeptConnections, init=False, repr=False)

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """What the receiver answered. Never raises for what a receiver or the net between does."""
        until = time.monotonic() + self.seconds
        try:
            return self._sent(url, headers, body.encode(), until)
        except TimeoutError:
            return Answer(problem=f"no answer within {self.seconds:g} s", silent=True)
        except _NotPublic:
            return Answer(problem="its name leads to an address that is not public")
        except socket.gaierror:
            return Answer(problem="its name leads nowhere")
        except ssl.SSLCertVerificationError:
            return Answer(problem="its certificate is not to be trusted")
        except (OSError, HTTPException, ValueError):
            return Answer(problem="the connection failed")

    def close(self) -> None:
        """End the connections that are kept."""
        self._kept.close()

    def _sent(self, url: str, headers: Mapping[str, str], body: bytes, until: float) -> Answer:
        to = urlsplit(url)
        request = _head(to, headers, len(body)) + body
        kept = self._kept.take(url)
        if kept is not None:
            with suppress(ConnectionError, ssl.SSLError):
                return self._asked(url, kept, request, until)
            # It was closed meanwhile. Should the request have come after all, its id is known.
        made = Connection(self._connected(url, to, until), time.time())
        return self._asked(url, made, request, until)

    def _asked(self, url: str, connection: Connection, request: bytes, until: float) -> Answer:
        """The answer; the connection is kept where it arrived, and closed whatever else happens."""
        reading, is_free = _InTime(connection.socket, until), False
        try:
            connection.socket.settimeout(_left(until))
            connection.socket.sendall(request)
            with closing(HTTPResponse(reading, method="POST")) as answer:  # type: ignore[arg-type]
                answer.begin()
                body = answer.read(self.reads) if self.reads else b""
                told = Answer(answer.status, answer.getheader("retry-after"), body=body)
                is_free = told.arrived and _read_to_its_end(answer, reading)
        finally:
            if is_free:
                self._kept.keep(url, connection)
            else:
                connection.close()
        return told

    def _connected(self, url: str, to: SplitResult, until: float) -> socket.socket:
        """To an address that was looked at, not to a name that may lead elsewhere by now."""
        if self.here and url.startswith(HERE):
            return socket.create_connection(("127.0.0.1", to.port), timeout=_left(until))
        host, port = to.hostname or "", to.port or _HTTPS
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        # One that is not public among others is a mistake, or somebody who tries both.
        if not all(self.allowed(ip_address(address)) for address in addresses):
            raise _NotPublic
        plain = _first_that_answers(addresses, port, until)
        try:
            plain.settimeout(_left(until))
            return self.trusted.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


def _first_that_answers(addresses: list[str], port: int, until: float) -> socket.socket:
    *others, last = addresses
    for address in others:
        try:
            return socket.create_connection((address, port), timeout=_left(until) / 2)
        except OSError:
            continue
    return socket.create_connection((last, port), timeout=_left(until))


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _InTime:
    """A connection as http.client reads it: whoever answers byte by byte gets no more time."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._reading = _Reading(connection, until)

    def makefile(self, _mode: str) -> io.BufferedIOBase:
        return io.BufferedReader(self._reading)

    def hurry(self, seconds: float) -> None:
        """Wait no longer than so many seconds from now."""
        self._reading.until = min(self._reading.until, time.monotonic() + seconds)


class _Reading(io.RawIOBase):
    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self.until = connection, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self.until))
        return self._connection.recv_into(buffer)


def _read_to_its_end(answer: HTTPResponse, reading: _InTime) -> bool:
    """Whether the answer is over, and another may follow. What it says besides is nobody's."""
    if answer.will_close:
        return False
    reading.hurry(_TO_ITS_END)
    try:
        answer.read(_LONGEST_ANSWER)
    except (OSError, HTTPException, ValueError):
        return False
    return answer.isclosed()


def _head(to: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    path = (to.path or "/") + (f"?{to.query}" if to.query else "")
    told = {
        "host": to.netloc,
        "user-agent": "referrals-webhooks",
        "content-type": "application/json",
        "content-length": str(length),
        **headers,
    }
    lines = [f"{name}: {value}" for name, value in told.items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode("ascii")
