"""What docs/product tells a product to write: it runs, and its signups arrive."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from referrals.edge import webhook_courier as couriers
from tests.functions.client import PREFIX, Context, event, handler_of, invoke
from tests.functions.receiving import Receiving

PRODUCT = Path(__file__).parent.parent.parent / "docs/product"
NODE = Path(sys.executable).with_name("node")
NPM = PRODUCT.parent.parent / ".npm"


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


class Received:
    """What a receiver of a language answers and does, the ids that it knows among it."""

    def __init__(self, receive):
        self._receive, self.done = receive, []

    def __call__(self, body, headers):
        status, done = self._receive(body, dict(headers), [event_id for event_id, _ in self.done])
        self.done += done
        return status


def received_by_python(body, headers, known):
    spec = importlib.util.spec_from_file_location("product_receive", PRODUCT / "receive.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    done = []
    status = module.receive(
        body.encode(), headers, known.__contains__, lambda *event: done.append(event)
    )
    return status, done


def received_by_node(body, headers, known):
    script = """
        const {receive} = await import(process.argv[1]);
        const [body, headers, known] = JSON.parse(process.argv[2]);
        const done = [];
        const status = await receive(body, headers, async (id) => known.includes(id),
          async (id, event) => { done.push([id, event]); });
        console.log(JSON.stringify([status, done]));
    """
    with tempfile.TemporaryDirectory() as product:
        # As where `npm install` has been.
        Path(product, "node_modules").symlink_to(NPM)
        module = Path(shutil.copy(PRODUCT / "receive.mjs", product)).as_uri()
        asked = json.dumps([body, headers, known])
        told = subprocess.run(
            [NODE, "--preserve-symlinks", "--input-type=module", "-e", script, module, asked],
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ),
        )
    status, done = json.loads(told.stdout)
    return status, [tuple(one) for one in done]


@pytest.fixture(params=[received_by_python, received_by_node])
def receiver(request):
    return Received(request.param)


@pytest.fixture
def sent(programme, monkeypatch):
    """The events of a rewarded referral as they were sent."""
    receiving = Receiving()
    monkeypatch.setattr(couriers, "sender", lambda: receiving)
    made = programme.listen().good
    monkeypatch.setenv("REFERRALS_WEBHOOK_SECRET", made["secret"])
    one = programme.rewarded("user-new")["attribution"]["id"]
    invoke("deliver_events", {"endpoint": made["id"], "referrals": [one]})
    return receiving.got


def test_a_receiver_takes_what_was_sent_and_does_it_once(sent, receiver):
    for _ in range(2):
        for _, headers, body in sent[:3]:
            assert receiver(body, headers) == 204
    assert [event["sequence"] for _, event in receiver.done] == [1, 2, 3]
    assert [event_id for event_id, _ in receiver.done] == [
        headers["webhook-id"] for _, headers, _ in sent[:3]
    ]
    assert receiver.done[2][1]["data"]["attribution"]["referred_user_id"] == "user-new"


def test_a_receiver_takes_nothing_that_was_not_sent(sent, receiver, monkeypatch):
    _, headers, body = sent[0]
    wrong = [
        (body.replace("user-new", "user-old"), headers),
        (body, dict(headers) | {"webhook-id": "evt_another"}),
        (body, dict(headers) | {"webhook-timestamp": "1700000000"}),
        (body, {name: value for name, value in headers.items() if name != "webhook-signature"}),
    ]
    assert [receiver(*one) for one in wrong] == [401] * 4
    monkeypatch.setenv("REFERRALS_WEBHOOK_SECRET", "whsec_" + "A" * 43 + "=")
    assert receiver(body, headers) == 401
    assert receiver.done == []
