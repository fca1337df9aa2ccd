"""Django with pinax-referrals, which captures clicks and counts them: what ours is compared to."""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.bench import postgres
from tests.bench.ground import OTHERS, PROCESS
from tests.bench.patience import patiently
from tests.bench.runtime import ON_ONE_CORE

_PORT = 9620
_SITE = PROCESS / "pinax"


class Site:
    """The site in one gunicorn worker."""

    def __init__(self, code: str) -> None:
        self._code = code

    def capture(self, clicks: int) -> float:
        """CPU seconds of one click in the site's process."""
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
        return json.load(connection.getresponse())["cpu"]


@contextmanager
def serving() -> Iterator[Site]:
    """Start gunicorn on a fresh database, and end it."""
    with postgres.serving() as database:
        environment = _environment(database)
        code = _run("prepare.py", environment=environment).strip()
        gunicorn = str(OTHERS / "bin" / "gunicorn")
        command = [*ON_ONE_CORE, gunicorn, "--workers", "1", "--log-level", "error"]
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
    with postgres.serving() as database:
        told = _run("counts.py", *map(str, responses), environment=_environment(database))
    return {int(number): runs for number, runs in json.loads(told).items()}


def _environment(database: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PINAX_DATABASE": database}


def _run(script: str, *arguments: str, environment: dict[str, str]) -> str:
    python = str(OTHERS / "bin" / "python")
    command = [python, str(_SITE / script), *arguments]
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
