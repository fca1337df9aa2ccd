"""`python console_libraries.py PACKAGES DIRECTORY`: what the console loads of others' making.

Modules name each other by path, for a browser finds no package by its name. Beside each stands
where its types are, for the check of types alone.
"""

import re
import sys
from pathlib import Path

# The name under which it is served, its place in the packages, that of its types, and the name
# that a plain script gives to what it makes, for modules to take.
MODULES = {
    "htm.mjs": ("htm/dist/htm.mjs", "htm/dist/htm", None),
    "preact.mjs": ("preact/dist/preact.mjs", "preact/src/index", None),
    "hooks.mjs": ("preact/hooks/dist/hooks.mjs", "preact/hooks/src/index", None),
    "uplot.mjs": ("uplot/dist/uPlot.iife.min.js", "uplot/dist/uPlot", "uPlot"),
}
WITH_A_DEFAULT = {"htm.mjs", "uplot.mjs"}
STYLES = {
    "pico.css": "@picocss/pico/css/pico.fluid.classless.min.css",
    "uplot.css": "uplot/dist/uPlot.min.css",
}

_PACKAGE = re.compile(r'from"(\w+)"')


def lay_out(packages: Path, directory: Path) -> None:
    """Each library under the name that it is served by."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, (place, types, made) in MODULES.items():
        source = _PACKAGE.sub(r'from"./\1.mjs"', (packages / place).read_text())
        given = f"\nexport default {made};\n" if made else ""
        (directory / name).write_text(source + given)
        told = f'export * from "{packages.resolve() / types}";\n'
        default = told.replace("*", "{ default }") if name in WITH_A_DEFAULT else ""
        (directory / name).with_suffix(".d.mts").write_text(default or told)
    for name, place in STYLES.items():
        (directory / name).write_text((packages / place).read_text())


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]), Path(sys.argv[2]))
