"""What a start from a snapshot shares with the others, and what it must not share (SnapStart)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ENVIRONMENT
from tests.template import template

ROOT = Path(__file__).parents[2]
# A process starts as it would be when its snapshot is taken; two go on from there, each with a
# request that is refused at once, and tell what they would draw next.
PROCESS = """
import json, os, random, secrets, socket, sys
asked = []
socket.socket.connect = lambda self, place: asked.append(str(place))
from importlib import import_module
from datetime import UTC, datetime
handler = import_module(f"functions.{sys.argv[1]}.handler").handler
from tests.functions.client import Context
from referrals.edge import clock
from referrals.edge.settings import settings
kept = [name for name in ("hashing_secret", "_stripe_secret") if name in vars(settings())]
print(json.dumps({"asked": asked, "kept": kept}), flush=True)
dice = random.getstate()
for _ in range(2):
    if os.fork() == 0:
        # Python seeds anew after a fork, which no start from a snapshot does.
        random.setstate(dice)
        sys.stdout = open(os.devnull, "w")
        handler({}, Context())
        at = datetime(2026, 11, 20, tzinfo=UTC)
        drawn = [random.random(), clock.new_code(), str(clock.new_ulid(at))]
        os.write(1, (json.dumps(drawn) + "\\n").encode())
        os._exit(0)
    os.wait()
"""


def _from_snapshots() -> list[str]:
    return [
        resource["Properties"]["CodeUri"].split("/")[1]
        for resource in template()["Resources"].values()
        if "SnapStart" in resource.get("Properties", {})
    ]


def test_functions_that_somebody_waits_for_can_start_from_a_snapshot():
    assert {"follow_link", "capture_click", "attribute_signup", "stripe_webhook"} <= {
        *_from_snapshots()
    }


@pytest.mark.parametrize("function", _from_snapshots())
def test_a_snapshot_holds_no_connection_no_secret_and_no_chance(function):
    environment = {**os.environ, **ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": function}
    environment |= {
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "TABLE_NAME": "Table",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    ran = subprocess.run(
        [sys.executable, "-c", PROCESS, function],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    start, *restored = map(json.loads, ran.stdout.splitlines())
    assert start == {"asked": [], "kept": []}
    assert len(restored) == 2
    assert all(one != other for one, other in zip(*restored, strict=True))
