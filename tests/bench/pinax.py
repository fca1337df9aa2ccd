"""Django with pinax-referrals, which captures clicks and counts them: what ours is compared to."""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from tests.bench.ground import BENCH, OTHERS, PROCESS
from tests.bench.patience import patiently

_PORT = 9620
_SITE = PROCESS / "pinax"


class Site:
    """The site in one gunicorn worker."""

    def __init__(self, code: str) -> None:
        self._code = code

    def capture(self, clicks: int) -> float:
        """CPU seconds of one click, the database's left out."""
        before = self._own_seconds()
        connection = http.client.HTTPConnection("127.0.0.1", _PORT)
        for _ in range(clicks):
            connection.request("GET", f"/r/{self._code}/")
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.FOUND:
                raise RuntimeError(f"pinax answered {answer.status}")
        return (self._own_seconds() - before) / clicks

    def _own_seconds(self) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", _PORT)
        connection.request("GET", "/usage")
        told = json.load(connection.getresponse())
        return told["cpu"] - told["database"]


@contextmanager
def serving() -> Iterator[Site]:
    """Start gunicorn on a fresh database, and end it."""
    with TemporaryDirectory(dir=BENCH) as directory:
        environment = _environment(directory)
        code = _run("prepare.py", environment=environment).strip()
        command = [str(OTHERS / "bin" / "gunicorn"), "--workers", "1", "--log-level", "error"]
        command += ["--bind", f"127.0.0.1:{_PORT}", "pinax_site:application"]
        process = subprocess.Popen(command, cwd=_SITE, env=environment)
        try:
            site = Site(code)
            patiently(site._own_seconds)
            yield site
        finally:
            process.terminate()
            process.wait()


def response_counts(responses: Sequence[int]) -> dict[int, list[float]]:
    """Seconds of `response_count`, run by run, with so many responses of one referral."""
    with TemporaryDirectory(dir=BENCH) as directory:
        told = _run("counts.py", *map(str, responses), environment=_environment(directory))
    return {int(number): runs for number, runs in json.loads(told).items()}


def _environment(directory: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PINAX_DATABASE": f"{directory}/pinax.sqlite3"}


def _run(script: str, *arguments: str, environment: dict[str, str]) -> str:
    python = str(OTHERS / "bin" / "python")
    command = [python, str(_SITE / script), *arguments]
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
