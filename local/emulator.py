"""MiniStack, the AWS emulator, in a child process that only this machine can reach."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.failure import Failure

CREDENTIALS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
Clients = Callable[[str], Any]
READY_WITHIN = 30.0
STOPPED_WITHIN = 10.0


def refuse_busy(port: int) -> None:
    """Fails when somebody listens on the port already."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Failure(f"port {port} is busy; PORT=… picks another")


def clients(url: str) -> Clients:
    """Makes clients of AWS services that talk to the emulator at this address."""

    def client(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=url,
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            # A repeated invocation would be a second one.
            config=Config(retries={"total_max_attempts": 1}, read_timeout=900),
        )

    return client


class Emulator:
    def __init__(self, port: int, directory: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = directory / "ministack.log"
        self._scratch = directory / f"ministack-{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        refuse_busy(self.port)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own group: Ctrl-C reaches the stack, which then stops this in order.
                start_new_session=True,
            )
        self._wait_until_ready()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._end_group(self._process.pid)
        self._process = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(self._scratch)),
            "TMPDIR": str(self._scratch),
            **CREDENTIALS,
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            # Functions get what their policies allow and no more, as on AWS.
            "AUTH": "true",
            # These two listen on every interface.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # The gateway in front bounds what runs at once; a throttle here would be a 429.
            "LAMBDA_ACCOUNT_CONCURRENCY": "0",
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if not self.alive():
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise Failure(f"MiniStack did not start; {self.log} says why")

    @staticmethod
    def _end_group(group: int) -> None:
        """The workers end by themselves when their parent is gone; this is for one that hangs."""
        deadline = time.monotonic() + STOPPED_WITHIN
        while time.monotonic() < deadline:
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
