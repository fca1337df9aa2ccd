"""The SAM CLI of this very interpreter's environment, with the local stack's credentials."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.emulator import CREDENTIALS
from local.environment import ROOT
from local.failure import Failure


def run(*arguments: str, log: Path, environment: Mapping[str, str]) -> None:
    """Runs it to its end; what it says goes into the log. Failure where it fails."""
    with log.open("ab") as output:
        finished = subprocess.run(
            [_program(), *arguments],
            cwd=ROOT,
            env=_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if finished.returncode != 0:
        raise Failure(f"sam {arguments[0]} failed: {_last_line(log)} (all of it is in {log})")


def output(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What it prints; the command and what it says besides go to the terminal. Failure."""
    print(shlex.join(["sam", *arguments]), file=sys.stderr, flush=True)
    finished = subprocess.run(
        [_program(), *arguments],
        cwd=ROOT,
        env=_environment(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise Failure(f"sam {' '.join(arguments[:2])} failed")
    return finished.stdout


def _environment(additional: Mapping[str, str]) -> dict[str, str]:
    # Whatever account the shell is set up for is not meant.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "PATH": _path(), "SAM_CLI_TELEMETRY": "0", **CREDENTIALS, **additional}


def _program() -> str:
    sam, make = shutil.which("sam", path=_path()), shutil.which("make", path=_path())
    if sam is None or make is None:
        raise Failure(f"{'make' if sam else 'the SAM CLI'} is not installed")
    return sam


def _path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")
