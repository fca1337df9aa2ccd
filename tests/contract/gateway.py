"""The gateway in this process: a WSGI application that hands requests to the functions."""

import base64
import json
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.functions.client import PREFIX, Context, event, handler_of

Start = Callable[[str, list[tuple[str, str]]], Any]


class Gateway:
    """Routes as the document says; serves the document itself as /openapi.json."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._routes = [
            (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), one["operationId"])
            for path, methods in sorted(document["paths"].items())
            for method, one in methods.items()
        ]

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["REQUEST_URI"].partition("?")[0]
        if path == "/openapi.json":
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self._document).encode()]
        function = self._function(method, path)
        if function is None:
            start("404 Not Found", [("Content-Type", "application/json")])
            return [b'{"message":"Not Found"}']
        answer = handler_of(function)(_event(environ, method, unquote(path)), Context())
        status = HTTPStatus(answer["statusCode"])
        headers = [(name, str(value)) for name, value in answer["headers"].items()]
        start(f"{status.value} {status.phrase}", headers)
        body = answer.get("body") or ""
        return [base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()]

    def _function(self, method: str, path: str) -> str | None:
        """Fixed paths come before those with a parameter, as in API Gateway."""
        found = [
            (pattern.pattern.count("[^/]+"), function)
            for verb, pattern, function in self._routes
            if verb == method and pattern.fullmatch(path)
        ]
        return min(found)[1] if found else None


def _event(environ: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or name == "CONTENT_TYPE"
    }
    made = event(method, path.removeprefix(PREFIX), query=query, headers=headers)
    made |= {"rawPath": path, "rawQueryString": environ.get("QUERY_STRING", "")}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if body:
        made |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return made
