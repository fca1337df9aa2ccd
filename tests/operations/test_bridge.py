"""Containers reach the local stack while they are let, and nobody listens for them otherwise."""

import socket
import sys
import threading
from types import SimpleNamespace

import pytest

from local.bridge import bridge
from local.stack import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="loopback has one address")


def docker_with(**config):
    """A Docker whose bridge has this address."""
    network = SimpleNamespace(attrs={"IPAM": {"Config": [config]}})
    return SimpleNamespace(networks={"bridge": network})


@pytest.fixture
def stack():
    """What listens on this machine alone and says each visitor their own words again, louder."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    visitor, _ = server.accept()
                except OSError:
                    return
                with visitor:
                    visitor.sendall(visitor.recv(100).upper())

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "REFERRALS_URL": f"http://127.0.0.1:{free_port()}/api/v1",
        }


def answer_at(address, stack):
    port = int(stack["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])
    with socket.create_connection((address, port), timeout=5) as visitor:
        visitor.sendall(b"hello")
        return visitor.recv(100)


@pytest.mark.parametrize(
    "config", [{"Subnet": "127.9.0.0/16"}, {"Subnet": "127.9.0.0/16", "Gateway": "127.9.0.1"}]
)
def test_the_stack_is_reached_at_the_bridge_for_as_long_as_it_is_let(stack, config):
    with bridge(docker_with(**config), stack) as listens:
        assert listens
        assert answer_at("127.9.0.1", stack) == b"HELLO"
    with pytest.raises(ConnectionRefusedError):
        answer_at("127.9.0.1", stack)


def test_two_invocations_at_once_do_not_take_the_bridge_from_each_other(stack):
    docker = docker_with(Subnet="127.9.0.0/16")
    with bridge(docker, stack):
        with bridge(docker, stack):
            pass
        assert answer_at("127.9.0.1", stack) == b"HELLO"


def test_where_docker_runs_in_a_machine_of_its_own_nobody_listens(stack):
    with bridge(docker_with(Subnet="192.0.2.0/24"), stack) as listens:
        assert not listens
