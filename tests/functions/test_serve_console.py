"""GET /console: small, compressed files, under a policy that lets nothing else in."""

import base64
import gzip
import re

import pytest

from functions.serve_console.handler import FILES, FOLDER
from tests.functions.client import Context, event, handler_of

TAKEN = {"accept-encoding": "gzip, br"}
LARGEST_LOAD = 60 * 1024


def fetched(name="", **headers):
    path, route = (f"/console/{name}", "/console/{file}") if name else ("/console", "/console")
    asked = event("GET", "", headers=headers)
    asked |= {"rawPath": path, "routeKey": f"GET {route}"}
    return handler_of("serve_console")(asked, Context())


def sent(answer):
    body = answer["body"]
    return base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()


def named_in(name):
    """What a file loads by itself."""
    text = FILES[name].read_text()
    if name == "index.html":
        return re.findall(r'(?:href|src)="console/([^"]+)"', text)
    return re.findall(r'from ?"\./([^"]+)"', text) if not name.endswith(".css") else []


def loaded():
    """All that a browser loads to show the first page."""
    names, found = ["index.html"], set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names += named_in(name)
    return found


def test_all_that_is_loaded_at_first_is_there_and_small():
    names = loaded()
    assert {"app.js", "console.css", "pico.css", "preact.mjs"} <= names
    pages = {name: fetched("" if name == "index.html" else name, **TAKEN) for name in names}
    assert {page["statusCode"] for page in pages.values()} == {200}
    assert sum(len(sent(page)) for page in pages.values()) <= LARGEST_LOAD


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_file_comes_compressed_with_its_type_and_policy(name):
    answer = fetched(name, **TAKEN)
    headers = answer["headers"]
    kinds = {"css": "text/css", "html": "text/html"}
    kind = kinds.get(name.rpartition(".")[2], "text/javascript")
    assert headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert gzip.decompress(sent(answer)) == FILES[name].read_bytes()


def test_what_a_browser_has_already_is_not_sent_again_but_asked_for():
    first = fetched("app.js")
    assert first["headers"]["Cache-Control"] == "no-cache"
    again = fetched("app.js", **{"if-none-match": first["headers"]["ETag"]})
    assert (again["statusCode"], sent(again)) == (304, b"")


def test_nothing_is_inline():
    page = FILES["index.html"].read_text()
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page)


def test_no_module_names_another_place():
    for name in loaded():
        for text in re.findall(r"https?://[^\s\"'`)]+", FILES[name].read_text()):
            # Names of XML's spaces, which nobody fetches, and of licences.
            assert "w3.org" in text or "picocss.com" in text or "github.com" in text, (name, text)


@pytest.mark.parametrize(
    "name", ["nothing.js", "handler.py", "answers.d.ts", "..", "%2e%2e", "htm.d.mts"]
)
def test_nothing_else_is_a_file(name):
    assert fetched(name)["statusCode"] == 404


def test_under_a_base_path_the_files_are_the_same():
    asked = event("GET", "")
    asked |= {"rawPath": "/some/base/console/app.js", "routeKey": "GET /console/{file}"}
    answer = handler_of("serve_console")(asked, Context())
    assert sent(answer) == (FOLDER / "app.js").read_bytes()
