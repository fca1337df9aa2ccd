"""Files that browsers load, answered from a function's own folder and known by a tag."""

import hashlib
import html
from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

# What the console loads of others' making, laid out when the layer is built.
LIBRARIES = Path(__file__).parent / "libraries"
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
}
# What stands in for an import that the layer's build has made into plain script.
_INLINED = {'import { generate } from "lean-qr";\n': Path(__file__).with_name("qr.js")}
# Long enough for a visit, short enough that a repair is everywhere within minutes.
FOR_A_WHILE = "public, max-age=300"
ASK_EACH_TIME = "no-cache"
# What has its version in its address never becomes another.
FOR_EVER = "public, max-age=31536000, immutable"

Filled = tuple[tuple[str, str], ...]


def answered(
    path: Path,
    headers: Mapping[str, str],
    kept: str = FOR_A_WHILE,
    filled: Filled = (),
    **also: str,
) -> Response[str]:
    """The file, or word that the browser has it already. Header names are lower case.

    What is `filled` in stands where the file has its name in braces.
    """
    content, tag = _read(path, filled)
    told: dict[str, str | list[str]] = {
        "ETag": tag,
        "Cache-Control": kept,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **also,
    }
    known = tag in headers.get("if-none-match", "")
    return Response(
        status_code=HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK,
        content_type=f"{TYPES[path.suffix]}; charset=utf-8",
        body="" if known else content,
        headers=told,
        # Nothing, compressed, is twenty bytes, which a browser takes for its next answer.
        compress=False if known else None,
    )


def version_of(paths: Iterable[Path]) -> str:
    """What changes when any of the files does."""
    names_and_tags = sorted((path.name, _read(path)[1]) for path in paths)
    return hashlib.sha256(repr(names_and_tags).encode()).hexdigest()[:12]


@cache
def _read(path: Path, filled: Filled = ()) -> tuple[str, str]:
    content = path.read_text()
    for name, value in filled:
        content = content.replace(f"{{{name}}}", html.escape(value))
    for line, script in _INLINED.items():
        if line in content:
            content = content.replace(line, script.read_text())
    return content, f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'
