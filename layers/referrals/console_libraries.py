"""`python console_libraries.py PACKAGES DIRECTORY`: what the console loads of others' making.

Modules name each other by path, for a browser finds no package by its name. Beside each stands
where its types are, for the check of types alone.
"""

import re
import sys
from pathlib import Path

# The name under which it is served, its place in the packages, and that of its types.
MODULES = {
    "htm.mjs": ("htm/dist/htm.mjs", "htm/dist/htm"),
    "preact.mjs": ("preact/dist/preact.mjs", "preact/src/index"),
    "hooks.mjs": ("preact/hooks/dist/hooks.mjs", "preact/hooks/src/index"),
}
STYLES = {"pico.css": "@picocss/pico/css/pico.min.css"}

_PACKAGE = re.compile(r'from"(\w+)"')


def lay_out(packages: Path, directory: Path) -> None:
    """Each library under the name that it is served by."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, (place, types) in MODULES.items():
        source = _PACKAGE.sub(r'from"./\1.mjs"', (packages / place).read_text())
        (directory / name).write_text(source)
        told = f'export * from "{packages.resolve() / types}";\n'
        default = told.replace("*", "{ default }") if name == "htm.mjs" else ""
        (directory / name).with_suffix(".d.mts").write_text(default or told)
    for name, place in STYLES.items():
        (directory / name).write_text((packages / place).read_text())


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]), Path(sys.argv[2]))
