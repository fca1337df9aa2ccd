"""`stack.env`: where the running stack is and which keys it takes, for shells and our commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from local.failure import Failure

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
FILE = "stack.env"
SAM_FILE = "env.json"


def write(environment: Mapping[str, str], directory: Path) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in environment.items())
    (directory / FILE).write_text(lines)


def write_for_sam(variables: Mapping[str, str], directory: Path) -> None:
    """What `sam local invoke --env-vars` takes, for all functions alike."""
    (directory / SAM_FILE).write_text(json.dumps({"Parameters": dict(variables)}, indent=2) + "\n")


def read(directory: Path = LOCAL) -> dict[str, str]:
    try:
        lines = (directory / FILE).read_text().splitlines()
    except FileNotFoundError:
        raise Failure("no local stack has run here yet: make run") from None
    return dict(line.split("=", 1) for line in lines)
