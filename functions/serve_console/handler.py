"""GET /console: the pages for staff, which use the API as anybody may."""

from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from referrals.edge.files import ASK_EACH_TIME, LIBRARIES, TYPES, answered
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
    return _file("index.html")


@app.get("/console/<file>", compress=True, include_in_schema=False)
def serve_file(file: str) -> Response[str]:
    if file not in FILES:
        raise NotFound("no such file")
    return _file(file)


def _file(name: str) -> Response[str]:
    headers = app.current_event.raw_event["headers"]
    return answered(FILES[name], headers, ASK_EACH_TIME, **HEADERS)


handler = serve(app)
