"""GET /console: the pages for staff, which use the API as anybody may."""

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import Response

from referrals.edge.files import (
    ASK_EACH_TIME,
    FOR_EVER,
    LIBRARIES,
    TYPES,
    Filled,
    answered,
    version_of,
)
from referrals.edge.http import api, serve
from referrals.edge.settings import settings
from referrals.rules.errors import NotFound

FOLDER = Path(__file__).parent
FILES = {
    path.name: path
    for folder in (FOLDER, LIBRARIES)
    for path in folder.iterdir()
    if path.suffix in TYPES
}
# Pico draws its marks and arrows with images that are part of the style sheet.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

app = api()


@app.get("/console", compress=True)
def serve_console() -> Response[str]:
    return _file("index.html", ASK_EACH_TIME, _filled())


@app.get("/console/<version>/<file>", compress=True, include_in_schema=False)
def serve_file(version: str, file: str) -> Response[str]:
    # Files of two versions would not fit each other: the page is told, and loads itself again.
    if file not in FILES or version != _version():
        raise NotFound("no such file")
    return _file(file, FOR_EVER)


def _file(name: str, kept: str, filled: Filled = ()) -> Response[str]:
    told = {"Content-Security-Policy": _policy(), "Referrer-Policy": "no-referrer"}
    headers = app.current_event.raw_event["headers"]
    return answered(FILES[name], headers, kept, filled, **told)


def _filled() -> Filled:
    """What the page has to know before it may ask anything."""
    jwt = settings().jwt
    return (
        ("version", _version()),
        ("issuer", jwt.issuer),
        ("client", jwt.console_client),
        ("audience", jwt.audience),
    )


def _policy() -> str:
    """Where staff sign in with a provider, the page asks it for the token, and nobody else."""
    jwt = settings().jwt
    if not (jwt.issuer and jwt.console_client):
        return POLICY
    issuer = urlsplit(jwt.issuer)
    asked = ("'self'", f"{issuer.scheme}://{issuer.netloc}", jwt.console_tokens)
    return f"{POLICY}; connect-src {' '.join(filter(None, asked))}"


@cache
def _version() -> str:
    return version_of(FILES.values())


handler = serve(app)
