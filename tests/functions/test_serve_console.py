"""GET /console: small, compressed files, under a policy that lets nothing else in."""

import base64
import gzip
import re

import pytest

from functions.serve_console.handler import FILES, FOLDER
from referrals.edge.files import version_of
from tests.functions.client import Context, event, handler_of

TAKEN = {"accept-encoding": "gzip, br"}
LARGEST_LOAD = 60 * 1024
VERSION = version_of(FILES.values())
ROUTE = "GET /console/{version}/{file}"


def fetched(name="", version=VERSION, **headers):
    asked = event("GET", "", headers=headers)
    asked |= {"rawPath": "/console", "routeKey": "GET /console"}
    if name:
        asked |= {"rawPath": f"/console/{version}/{name}", "routeKey": ROUTE}
    return handler_of("serve_console")(asked, Context())


def page():
    return sent(fetched()).decode()


def sent(answer):
    body = answer["body"]
    return base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()


def imported(name):
    """What a module cannot start without."""
    return re.findall(r'from ?"\./([^"]+)"', FILES[name].read_text())


def with_imports(*names):
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += imported(name) if name.endswith("js") else []
    return found


def named_by_the_page():
    return set(re.findall(rf'(?:href|src)="console/{VERSION}/([^"]+)"', page()))


def first_screen():
    """All that the overview of somebody who is signed in takes, its chart and all."""
    return with_imports(*named_by_the_page(), "chart.js", "uplot.css")


def test_all_that_the_first_screen_loads_is_there_and_small():
    names = first_screen()
    assert {"app.js", "console.css", "pico.css", "preact.mjs", "uplot.mjs"} <= names
    answers = [fetched(**TAKEN), *(fetched(name, **TAKEN) for name in names)]
    assert {answer["statusCode"] for answer in answers} == {200}
    assert sum(len(sent(answer)) for answer in answers) <= LARGEST_LOAD


def test_the_page_names_all_that_the_first_screen_waits_for_so_that_it_comes_together():
    modules = {name for name in named_by_the_page() if name.endswith("js")}
    assert modules == with_imports("app.js", "overview.js")


def test_what_is_large_or_of_another_screen_comes_when_it_is_shown():
    later = {
        "uplot.mjs",
        "chart.js",
        "review.js",
        "referrals.js",
        "referral.js",
        "account.js",
        "health.js",
    }
    assert later & named_by_the_page() == set()
    asked_for = set(re.findall(r'import\("\./([^"]+)"\)', FILES["screens.js"].read_text()))
    assert asked_for <= FILES.keys()
    assert later - {"uplot.mjs", "chart.js"} <= asked_for


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_file_comes_compressed_with_its_type_and_policy(name):
    answer = fetched("" if name == "index.html" else name, **TAKEN)
    headers = answer["headers"]
    kinds = {"css": "text/css", "html": "text/html"}
    kind = kinds.get(name.rpartition(".")[2], "text/javascript")
    assert headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    told = gzip.decompress(sent(answer)).decode()
    source = FILES[name].read_text()
    if name == "index.html":
        source = re.sub(r"\{(issuer|client|audience)\}", "", source)
        source = source.replace("{version}", VERSION)
    assert told == source


def test_the_page_is_asked_for_each_time_and_not_sent_again():
    first = fetched()
    assert first["headers"]["Cache-Control"] == "no-cache"
    for taken in ({}, TAKEN):
        again = fetched(**taken, **{"if-none-match": first["headers"]["ETag"]})
        assert (again["statusCode"], sent(again)) == (304, b"")
        assert "Content-Encoding" not in again["headers"]


def test_a_file_is_kept_for_ever_for_its_address_names_its_version():
    answer = fetched("app.js")
    assert answer["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert fetched("app.js", version="of-yesterday")["statusCode"] == 404


def test_any_change_of_a_file_is_another_version(tmp_path):
    one, other = tmp_path / "one.js", tmp_path / "other.js"
    one.write_text("1"), other.write_text("2")
    before = version_of([one, other])
    assert version_of([other, one]) == before
    changed = tmp_path / "changed"
    changed.mkdir()
    (changed / "other.js").write_text("3")
    assert version_of([one, changed / "other.js"]) != before


def test_nothing_is_inline():
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page())


def test_no_module_names_another_place():
    for name in FILES:
        for text in re.findall(r"https?://[^\s\"'`)]+", FILES[name].read_text()):
            # Names of XML's spaces, which nobody fetches, and of licences.
            assert "w3.org" in text or "picocss.com" in text or "github.com" in text, (name, text)


@pytest.mark.parametrize(
    "name", ["nothing.js", "handler.py", "answers.d.ts", "..", "%2e%2e", "htm.d.mts"]
)
def test_nothing_else_is_a_file(name):
    assert fetched(name)["statusCode"] == 404


def test_where_there_is_a_provider_the_page_names_it_and_may_ask_it(configure):
    configure(JWT_ISSUER="https://login.example.com/a&b", CONSOLE_CLIENT_ID="c", JWT_AUDIENCE="api")
    assert '<meta name="issuer" content="https://login.example.com/a&amp;b">' in page()
    assert '<meta name="client" content="c">' in page()
    assert '<meta name="audience" content="api">' in page()
    for answer in (fetched(), fetched("app.js")):
        policy = answer["headers"]["Content-Security-Policy"]
        assert policy.endswith("; connect-src 'self' https://login.example.com")


def test_where_the_provider_gives_out_tokens_elsewhere_it_may_ask_at_that_address_alone(configure):
    tokens = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token"
    configure(JWT_ISSUER="https://login.example.com/pool", CONSOLE_CLIENT_ID="c")
    configure(CONSOLE_TOKEN_URL=tokens)
    policy = fetched()["headers"]["Content-Security-Policy"]
    assert policy.endswith(f"; connect-src 'self' https://login.example.com {tokens}")


@pytest.mark.parametrize(("issuer", "client"), [("", "c"), ("https://a.test", "")])
def test_without_issuer_or_client_it_may_ask_nobody_else(configure, issuer, client):
    configure(JWT_ISSUER=issuer, CONSOLE_CLIENT_ID=client)
    assert "connect-src" not in fetched()["headers"]["Content-Security-Policy"]


def test_under_a_base_path_the_files_are_the_same():
    asked = event("GET", "")
    asked |= {"rawPath": f"/some/base/console/{VERSION}/app.js", "routeKey": ROUTE}
    answer = handler_of("serve_console")(asked, Context())
    assert sent(answer) == (FOLDER / "app.js").read_bytes()
