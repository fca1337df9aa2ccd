"""GET /referrals.js and /referral-card.js: small, compressed, whole, and known by their tag."""

import base64
import gzip
import re
from pathlib import Path

import pytest

from tests.functions.client import Context, event, handler_of

FUNCTIONS = Path(__file__).parent.parent.parent / "functions"
README = FUNCTIONS.parent / "README.md"
# The most that each may be, in bytes as gzip sends them.
SIZES = {"serve_embed/referrals.js": 2 * 1024, "serve_card/referral-card.js": 12 * 1024}


@pytest.fixture(params=SIZES)
def script(request):
    return request.param


def fetched(script, **headers):
    function, _, name = script.partition("/")
    asked = event("GET", "", headers=headers)
    asked |= {"rawPath": f"/{name}", "routeKey": f"GET /{name}"}
    return handler_of(function)(asked, Context())


def body_of(answer):
    body = answer["body"]
    return base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()


def test_a_browser_gets_the_script_compressed(script):
    answer = fetched(script, **{"accept-encoding": "gzip, br"})
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert gzip.decompress(body_of(answer)) == body_of(fetched(script))
    assert len(body_of(answer)) <= SIZES[script]


def test_readme_tells_how_small_it_is(script):
    size = len(body_of(fetched(script, **{"accept-encoding": "gzip"})))
    told = re.search(rf"{script.partition('/')[2]}\W[^|]*?\((\d+\.\d) kB", README.read_text())
    assert abs(float(told[1]) - size / 1000) < 0.1


def test_who_takes_no_compression_gets_it_plain(script):
    answer = fetched(script)
    assert "Content-Encoding" not in answer["headers"]
    assert (FUNCTIONS / script).read_text().splitlines()[-1] in body_of(answer).decode()


def test_it_loads_nothing_more(script):
    assert not re.search(
        r"^import |\bimport\(|\brequire\(", body_of(fetched(script)).decode(), re.MULTILINE
    )


def test_what_a_browser_has_already_is_not_sent_again(script):
    tag = fetched(script)["headers"]["ETag"]
    for taken in ({}, {"accept-encoding": "gzip, br"}):
        answer = fetched(script, **taken, **{"if-none-match": tag})
        assert (answer["statusCode"], body_of(answer)) == (304, b"")
    assert fetched(script, **{"if-none-match": '"another"'})["statusCode"] == 200
