"""`python crawlers.py PACKAGES FILE`: isbot's pattern of crawlers' user agents, for Python.

What JavaScript allows and Python does not is rewritten: a look-behind of texts of different length
becomes one for each, and a hyphen after a class of characters is told to be one.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = re.IGNORECASE | re.ASCII

_HYPHEN = re.compile(r"(\\[dsw])-")
_LOOK_BEHIND = re.compile(r"\(\?<!((?:[^()\\]|\\.)*\|(?:[^()\\]|\\.)*)\)")


def pattern(packages: Path) -> str:
    """The pattern as isbot has it, in Python's spelling. SystemExit where it is none."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        raise SystemExit("node is not here: `make setup` brings it, .venv/bin has it then")
    tell = "process.stdout.write(require(process.argv[1]).getPattern().source)"
    command = [node, "-e", tell, str((packages / "isbot").resolve())]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return _HYPHEN.sub(r"\1\\-", _LOOK_BEHIND.sub(_one_by_one, told))


def _one_by_one(found: re.Match[str]) -> str:
    return "".join(f"(?<!{text})" for text in found[1].split("|"))


if __name__ == "__main__":
    written = pattern(Path(sys.argv[1]))
    re.compile(written, FLAGS)
    Path(sys.argv[2]).write_text(written)
