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

HERE = "127.0.0.1"
# What a container calls this machine.
HOST = "host.docker.internal"
# The variables that functions connect to. The issuer is a name that tokens bear.
ADDRESSES = ("AWS_ENDPOINT_URL", "JWT_JWKS_URL")


def write(environment: Mapping[str, str], directory: Path) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in environment.items())
    (directory / FILE).write_text(lines)


def write_for_sam(variables: Mapping[str, Mapping[str, str]], directory: Path) -> None:
    """What `sam local invoke --env-vars` takes: each function's, as they hold in a container."""
    inside = {
        function: {
            name: value.replace(f"//{HERE}:", f"//{HOST}:") if name in ADDRESSES else value
            for name, value in own.items()
        }
        for function, own in variables.items()
    }
    (directory / SAM_FILE).write_text(json.dumps(inside, indent=2) + "\n")


def read(directory: Path = LOCAL) -> dict[str, str]:
    try:
        lines = (directory / FILE).read_text().splitlines()
    except FileNotFoundError:
        raise Failure("no local stack has run here yet: make run") from None
    return dict(line.split("=", 1) for line in lines)
