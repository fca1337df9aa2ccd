"""What docs/product tells a product to write: it runs, and its signups arrive."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.functions.client import PREFIX, Context, event, handler_of

PRODUCT = Path(__file__).parent.parent.parent / "docs/product"
NODE = Path(sys.executable).with_name("node")


@pytest.fixture
def service(programme, monkeypatch):
    """The signup endpoint over HTTP, and what a product's backend has in its environment."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = self.path.removeprefix(PREFIX)
            asked = event("POST", path, body=body.decode(), headers=headers)
            answer = handler_of("attribute_signup")(asked, Context())
            self.send_response(answer["statusCode"])
            self.end_headers()
            self.wfile.write(answer["body"].encode())

        def log_message(self, *_):
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("REFERRALS_URL", f"http://127.0.0.1:{server.server_port}{PREFIX}")
    monkeypatch.setenv("REFERRALS_SERVICE_KEY", programme.service_key)
    yield programme
    server.shutdown()
    server.server_close()


def by_python(user_id, cookies):
    spec = importlib.util.spec_from_file_location("product_signup", PRODUCT / "signup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tell_signup(user_id, cookies)


def by_node(user_id, cookies):
    script = (
        "const {tellSignup} = await import(process.argv[1]);"
        "console.log(await tellSignup(process.argv[2], JSON.parse(process.argv[3])))"
    )
    module = (PRODUCT / "signup.mjs").as_uri()
    told = subprocess.run(
        [NODE, "--input-type=module", "-e", script, module, user_id, json.dumps(cookies)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    return json.loads(told.stdout)


ways = pytest.mark.parametrize("tell", [by_python, by_node])


@ways
def test_who_came_by_a_link_is_attributed(service, tell):
    click_id = service.click().good["click_id"]
    assert tell("user-new", {"referral_click": click_id}) is True
    assert tell("user-new", {"referral_click": click_id}) is True
    assert service.referral_of("user-new")["attribution"]["click_id"] == click_id


@ways
def test_who_came_by_themselves_is_not(service, untouched, tell):
    with untouched():
        assert tell("user-new", {}) is False


@ways
def test_an_unknown_click_is_no_error(service, untouched, tell):
    with untouched():
        assert tell("user-new", {"referral_click": "no_such_click"}) is False
