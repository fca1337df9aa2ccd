"""`stack.env`: where the running stack is and which keys it takes, for shells and our commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local.failure import Failure

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
FILE = "stack.env"


def write(environment: Mapping[str, str], directory: Path) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in environment.items())
    (directory / FILE).write_text(lines)


def read(directory: Path = LOCAL) -> dict[str, str]:
    try:
        lines = (directory / FILE).read_text().splitlines()
    except FileNotFoundError:
        raise Failure("no local stack has run here yet: make run") from None
    return dict(line.split("=", 1) for line in lines)
