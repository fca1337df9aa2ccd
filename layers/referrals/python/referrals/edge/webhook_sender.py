"""One try at sending an event: some seconds in all, to public addresses, no redirect followed."""

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from referrals.rules.retries import Answer
from referrals.rules.webhook_urls import HERE, Address, is_public

_HTTPS = 443


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

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """What the receiver answered. Never raises for what a receiver or the net between does."""
        until = time.monotonic() + self.seconds
        to, payload = urlsplit(url), body.encode()
        try:
            with closing(self._connected(url, to, until)) as connection:
                connection.settimeout(_left(until))
                connection.sendall(_head(to, headers, len(payload)) + payload)
                with closing(HTTPResponse(_InTime(connection, until), method="POST")) as answer:  # type: ignore[arg-type]
                    answer.begin()
                    told = answer.read(self.reads) if self.reads else b""
                    return Answer(answer.status, answer.getheader("retry-after"), body=told)
        except TimeoutError:
            return Answer(problem=f"no answer within {self.seconds:g} s")
        except _NotPublic:
            return Answer(problem="its name leads to an address that is not public")
        except socket.gaierror:
            return Answer(problem="its name leads nowhere")
        except ssl.SSLCertVerificationError:
            return Answer(problem="its certificate is not to be trusted")
        except (OSError, HTTPException, ValueError):
            return Answer(problem="the connection failed")

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
        self._reading = io.BufferedReader(_Reading(connection, until))

    def makefile(self, _mode: str) -> io.BufferedIOBase:
        return self._reading


class _Reading(io.RawIOBase):
    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._until))
        return self._connection.recv_into(buffer)


def _head(to: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    path = (to.path or "/") + (f"?{to.query}" if to.query else "")
    told = {
        "host": to.netloc,
        "user-agent": "referrals-webhooks",
        "content-type": "application/json",
        "content-length": str(length),
        "connection": "close",
        **headers,
    }
    lines = [f"{name}: {value}" for name, value in told.items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode("ascii")
