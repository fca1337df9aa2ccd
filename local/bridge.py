"""How a container reaches the local stack, which listens to this machine alone.

Containers know this machine as host.docker.internal. Docker Desktop leads that name to what
listens on 127.0.0.1 by itself. Docker on Linux leads it to the address of its bridge, where
nobody listens: `python -m local.bridge` does, for as long as it runs.
"""

from __future__ import annotations

import errno
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException

from local.environment import HERE, HOST, read
from local.failure import Failure


def engine() -> docker.DockerClient | None:
    """Docker, as the SAM CLI finds it; None where none answers."""
    try:
        return docker.from_env()
    except DockerException:
        return None


@contextmanager
def bridge(containers: docker.DockerClient, stack: Mapping[str, str]) -> Iterator[bool]:
    """While it lasts, containers reach the running stack; whether that took a listener."""
    (network, *_) = containers.networks.get("bridge").attrs["IPAM"]["Config"]
    # Not every Docker says what it has taken by default.
    address = network.get("Gateway") or str(ip_network(network["Subnet"])[1])
    ports = [urlsplit(stack[name]).port for name in ("AWS_ENDPOINT_URL", "REFERRALS_URL")]
    with ExitStack() as listeners:
        listening = [
            listener
            for port in ports
            if port and (listener := _listener(address, port)) is not None
        ]
        for listener in listening:
            listeners.enter_context(listener)
            listeners.callback(listener.shutdown)
            threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield bool(listening)


def _listener(address: str, port: int) -> Listener | None:
    try:
        return Listener(address, port)
    except OSError as error:
        # Docker Desktop's bridge is in a machine of its own.
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise Failure(f"{address}:{port}: {error.strerror}") from error


class Listener(ThreadingTCPServer):
    daemon_threads = True
    # Two invocations at once listen side by side.
    allow_reuse_address = allow_reuse_port = True

    def __init__(self, address: str, port: int) -> None:
        self.port = port
        super().__init__((address, port), Forward)


class Forward(BaseRequestHandler):
    """A connection to the same port of 127.0.0.1, both ways."""

    server: Listener

    def handle(self) -> None:
        with socket.create_connection((HERE, self.server.port)) as inside:
            back = threading.Thread(target=_pour, args=(inside, self.request), daemon=True)
            back.start()
            _pour(self.request, inside)
            back.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def main() -> int:
    containers = engine()
    try:
        if containers is None:
            raise Failure("no Docker answers here")
        with bridge(containers, read()) as listens, suppress(KeyboardInterrupt):
            if not listens:
                print(f"containers reach the stack at {HOST} already")
                return 0
            print(f"containers reach the stack at {HOST} until Ctrl-C", flush=True)
            signal.pause()
    except Failure as failure:
        print(f"make bridge: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
