"""GET /console: the pages for staff, which use the API as anybody may."""

from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from referrals.edge.files import ASK_EACH_TIME, FOR_EVER, LIBRARIES, TYPES, answered, version_of
from referrals.edge.http import api, serve
from referrals.rules.errors import NotFound

FOLDER = Path(__file__).parent
FILES = {
    path.name: path
    for folder in (FOLDER, LIBRARIES)
    for path in folder.iterdir()
    if path.suffix in TYPES
}
HEADERS = {
    # Pico draws its marks and arrows with images that are part of the style sheet.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

app = api()


@app.get("/console", compress=True)
def serve_console() -> Response[str]:
    return _file("index.html", ASK_EACH_TIME)


@app.get("/console/<version>/<file>", compress=True, include_in_schema=False)
def serve_file(version: str, file: str) -> Response[str]:
    # Files of two versions would not fit each other: the page is told, and loads itself again.
    if file not in FILES or version != _version():
        raise NotFound("no such file")
    return _file(file, FOR_EVER)


def _file(name: str, kept: str) -> Response[str]:
    headers = app.current_event.raw_event["headers"]
    return answered(FILES[name], headers, kept, _version(), **HEADERS)


@cache
def _version() -> str:
    return version_of(FILES.values())


handler = serve(app)
