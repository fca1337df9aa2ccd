"""A function in Lambda's own runtime client, behind the emulator that the SAM CLI ships."""

import json
import os
import platform
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import samcli

from tests.bench.ground import BENCH, RUNTIME
from tests.bench.patience import patiently

_MACHINE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
_EMULATOR = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{_MACHINE}"
_PORT = 9601
_PATIENCE = 300
# To be moved to another core costs up to a fifth of a start, and comes by chance.
ON_ONE_CORE = ("taskset", "--cpu-list", str(max(os.sched_getaffinity(0))))


class Function:
    """One process of one function; the first invocation starts it, as in Lambda."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the function answers."""
        body = json.dumps(event).encode()
        told = patiently(lambda: self._post(body))
        if isinstance(told, dict) and "errorType" in told:
            raise RuntimeError(f"{told['errorType']}: {told.get('errorMessage')}")
        return told

    def _post(self, body: bytes) -> Any:
        try:
            with urllib.request.urlopen(self._url, body, timeout=_PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError("the function ended; .bench/function.log says why") from error

    def usage(self) -> dict[str, float]:
        """CPU seconds at the end of the start and until now, and the peak of memory."""
        return self.invoke({"probe": "usage"})


@contextmanager
def running(environment: Mapping[str, str]) -> Iterator[Function]:
    """A function's process, with its directory and the probe on its path."""
    program = BENCH / _EMULATOR.name
    if not program.exists():
        # The wheel does not say that it may be run.
        program.write_bytes(_EMULATOR.read_bytes())
        program.chmod(0o755)
    command = [
        str(program),
        "--log-level",
        "error",
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{_PORT}",
        "--runtime-api-address",
        f"127.0.0.1:{_PORT + 1}",
        *ON_ONE_CORE,
        str(RUNTIME / "bin" / "python"),
        "-m",
        "awslambdaric",
        "probe.handler",
    ]
    with (BENCH / "function.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={"AWS_LAMBDA_FUNCTION_TIMEOUT": str(_PATIENCE)} | dict(environment),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Function(_PORT)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
