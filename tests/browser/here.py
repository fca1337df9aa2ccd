"""The service in the test's own process, under a host name: any table, and no function starts.

Several may be served at once, each on its own table. One process then is all functions' own, and
Powertools keeps the request that it is at in one place: whoever asks, a page or the test itself,
takes turns.
"""

import json
import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from contract.openapi import DOCUMENT
from referrals.dynamodb.table import Table
from referrals.edge import clock, service
from tests.bench.programme import in_this_process
from tests.browser.hosts import Answers, Asked, Told
from tests.functions import client
from tests.functions.client import NO_BODY, PREFIX, Context, Handler, event, handler_of
from tests.functions.identity_provider import IdentityProvider
from tests.functions.running import RunningProgramme

HERE = "here.shop.test"
_turn = threading.RLock()


def _routes() -> list[tuple[str, re.Pattern[str], str, str]]:
    found = [("GET", "/console/{version}/{file}", "serve_console")]
    for path, methods in json.loads(DOCUMENT.read_text())["paths"].items():
        found += [(verb.upper(), path, told["operationId"]) for verb, told in methods.items()]
    # A path that is spelled out comes before one with a place to fill in.
    found.sort(key=lambda one: one[1].count("{"))
    return [
        (verb, re.compile(re.sub(r"{\w+}", r"([^/]+)", path)), f"{verb} {path}", function)
        for verb, path, function in found
    ]


@dataclass
class Here:
    """What the host answers: each route by the handler of its function, on this table."""

    table: Table
    routes: list[tuple[str, re.Pattern[str], str, str]] = field(default_factory=_routes)

    def __call__(self, asked: Asked) -> Told:
        place = urlsplit(asked.path)
        for verb, pattern, route, function in self.routes:
            if verb == asked.method and pattern.fullmatch(place.path):
                with _turn, pytest.MonkeyPatch.context() as patch:
                    patch.setattr(service, "table", lambda: self.table)
                    return _answered(asked, function, route)
        return Told(status=404)


def _answered(asked: Asked, function: str, route: str) -> Told:
    place = urlsplit(asked.path)
    made = event(
        asked.method,
        place.path.removeprefix(PREFIX),
        body=asked.body.decode() if asked.body else NO_BODY,
        query=dict(parse_qsl(place.query)),
        headers=asked.headers,
    )
    made |= {"rawPath": place.path, "routeKey": route}
    told = handler_of(function)(made, Context())
    body = told["body"]
    raw = b64decode(body) if told.get("isBase64Encoded") else body.encode()
    return Told(raw, list(told["headers"].items()), told["statusCode"])


def _in_turn(function: str) -> Handler:
    """The function's entry, for the test itself: a page may be asking meanwhile."""
    handler = handler_of(function)

    def after_others(event: dict[str, Any], context: Context) -> dict[str, Any]:
        with _turn:
            return handler(event, context)

    return after_others


@contextmanager
def served_here(
    table: Table, hosts: dict[str, Answers], now: datetime, host: str = HERE
) -> Iterator[RunningProgramme]:
    """The service on this table and at this time, at https://here.shop.test or another host."""
    identity = IdentityProvider()
    try:
        with pytest.MonkeyPatch.context() as patch, in_this_process(table, identity) as programme:
            patch.setattr(clock, "now", lambda: now)
            patch.setattr(client, "handler_of", _in_turn)
            hosts[host] = Here(table)
            yield programme
    finally:
        hosts.pop(host, None)
        identity.stop()
