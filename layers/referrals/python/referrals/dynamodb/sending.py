"""One HTTP request of the SDK's, sent and read in as few steps as it takes.

What the SDK has signed goes out in one piece over a connection that is kept open. Its own way
through urllib3 takes a third of a call's processor time, most of which is for what no call of ours
needs: redirects, proxies, streams. It is for clicks alone, which are many and move no money.
"""

import os
import ssl
from collections import defaultdict
from contextlib import closing
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from select import POLLIN, poll
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path

_Place = tuple[str, str]


def in_one_piece(*clients: Any) -> None:
    """Have the requests of clients with the same timeouts sent so, over the same connections.

    Whoever has a proxy, or certificates of their own, has the SDK see to it.
    """
    if getproxies() or "AWS_CA_BUNDLE" in os.environ:
        return
    config = clients[0].meta.config
    sender = Sender(config.connect_timeout, config.read_timeout)
    for client in clients:
        client.meta.events.register("before-send", sender)


class Sender:
    """Answers the SDK's `before-send`, and fails as the SDK does, so that it repeats as ever."""

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        self._connect_timeout, self._read_timeout = connect_timeout, read_timeout
        # A list's append and pop are safe between threads.
        self._idle: defaultdict[_Place, list[HTTPConnection]] = defaultdict(list)

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """The answer; None leaves a request without a body in memory to the SDK."""
        if not isinstance(request.body, bytes):
            return None
        url = urlsplit(request.url)
        place = url.scheme, url.netloc
        head = _head(request, url.netloc, url.path or "/")
        connection = self._kept(place) or self._connected(place, request.url)
        try:
            connection.sock.sendall(head + request.body)
            with closing(HTTPResponse(connection.sock, method=request.method)) as response:
                response.begin()
                content = response.read()
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except (OSError, HTTPException) as error:
            connection.close()
            raise ConnectionClosedError(
                endpoint_url=request.url, request=request, error=error
            ) from error
        if response.will_close:
            connection.close()
        else:
            self._idle[place].append(connection)
        headers: Any = response.headers
        return AWSResponse(request.url, response.status, headers, _Content(content))

    def _kept(self, place: _Place) -> HTTPConnection | None:
        """A connection that is still open: a request that goes out once must not find it closed."""
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            waiting = poll()
            waiting.register(connection.sock, POLLIN)
            # Nothing is owed to us: what there is to read is the other end's goodbye.
            if not waiting.poll(0):
                return connection
            connection.close()
        return None

    def _connected(self, place: _Place, url: str) -> HTTPConnection:
        scheme, host = place
        connection = (
            HTTPSConnection(host, timeout=self._connect_timeout, context=self._trusted)
            if scheme == "https"
            else HTTPConnection(host, timeout=self._connect_timeout)
        )
        try:
            connection.connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        connection.sock.settimeout(self._read_timeout)
        return connection

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=get_cert_path(True))


class _Content:
    """A body that was read already, as the SDK expects one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        yield self._content


def _head(request: AWSPreparedRequest, host: str, path: str) -> bytes:
    # A signature made in C brings the host along.
    headers = {"host": host, "accept-encoding": "identity"} | {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"{request.method} {path} HTTP/1.1", *lines, "", ""]).encode()
