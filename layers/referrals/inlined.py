"""`python inlined.py PACKAGES FILE`: npm's lean-qr as a piece of script, for `<referral-card>`.

A page then loads one file, and a build needs no bundler: the module's last statement, which
exports, becomes what a function returns.
"""

import json
import re
import sys
from pathlib import Path

PACKAGE = "lean-qr"
WANTED = "generate"

_EXPORTS = re.compile(r"export\s*\{([^{}]+)\};?\s*$")


def inlined(packages: Path) -> str:
    """A script that defines `generate`. SystemExit where the module is of another shape."""
    place = packages / PACKAGE
    source = (place / "index.mjs").read_text()
    found = _EXPORTS.search(source)
    names = dict(re.findall(r"(\w+) as (\w+)", found[1])) if found else {}
    inside = next((inside for inside, outside in names.items() if outside == WANTED), None)
    if found is None or inside is None:
        raise SystemExit(f"{PACKAGE} exports no {WANTED} in a way that is known here")
    version = json.loads((place / "package.json").read_text())["version"]
    owner = next(
        line for line in (place / "LICENSE").read_text().splitlines() if "Copyright" in line
    )
    told = f"/*! {PACKAGE} {version}, MIT License, {owner.strip()} */\n"
    return f"{told}const {WANTED} = (() => {{{source[: found.start()]}return {inside}}})();\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(inlined(Path(sys.argv[1])))
