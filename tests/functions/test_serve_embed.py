"""GET /referrals.js: a small script, compressed and known by its tag."""

import base64
import gzip
from pathlib import Path

from tests.functions.client import Context, event, handler_of

SCRIPT = Path(__file__).parent.parent.parent / "functions/serve_embed/referrals.js"


def fetched(**headers):
    asked = event("GET", "", headers=headers)
    asked |= {"rawPath": "/referrals.js", "routeKey": "GET /referrals.js"}
    return handler_of("serve_embed")(asked, Context())


def body_of(answer):
    body = answer["body"]
    return base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()


def test_a_browser_gets_the_script_compressed():
    answer = fetched(**{"accept-encoding": "gzip, br"})
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert gzip.decompress(body_of(answer)) == SCRIPT.read_bytes()
    assert len(body_of(answer)) <= 2 * 1024


def test_who_takes_no_compression_gets_it_plain():
    answer = fetched()
    assert "Content-Encoding" not in answer["headers"]
    assert body_of(answer) == SCRIPT.read_bytes()


def test_what_a_browser_has_already_is_not_sent_again():
    tag = fetched()["headers"]["ETag"]
    answer = fetched(**{"if-none-match": tag})
    assert (answer["statusCode"], body_of(answer)) == (304, b"")
    assert fetched(**{"if-none-match": '"another"'})["statusCode"] == 200
