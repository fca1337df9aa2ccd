"""What the service leans on fails: secrets stay known, and junk is no reason to ask again."""

import json
import socket
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from referrals.edge import changing_secret, settings, signing_keys
from referrals.edge.tokens import _key_set
from tests import stripe_payloads
from tests.functions.client import request
from tests.functions.running import REFERRER, SIGNING_SECRET
from tests.iam import guard, roles
from tests.template import template

OLD = json.dumps({"signing_secrets": [SIGNING_SECRET]})
FAILURES = [
    ConnectTimeoutError(endpoint_url="https://secretsmanager.us-east-1.amazonaws.com"),
    ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue"),
    ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue"),
]


class Keeper:
    """Stands for Secrets Manager: answers, or fails, and counts how often it is asked."""

    def __init__(self) -> None:
        self.secrets = {"HashingSecret": "a hashing secret", "StripeSecret": OLD}
        self.failure: Exception | None = None
        self.asked: list[str] = []

    def __call__(self, identity: str) -> str:
        self.asked.append(identity)
        if self.failure:
            raise self.failure
        return guard.secrets(self.secrets)(identity)


@pytest.fixture
def keeper(monkeypatch):
    keeper = Keeper()
    monkeypatch.setattr(settings, "_secret", keeper)
    return keeper


def paid(number: int):
    return stripe_payloads.invoice_paid(stripe_payloads.Sale(customer="cus_1", number=str(number)))


@pytest.fixture
def every_minute(monkeypatch):
    """A minute passes between any two requests."""
    monkeypatch.setattr(changing_secret, "SECRET_AGE", -1)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
def test_webhooks_go_on_while_secrets_manager_fails(programme, keeper, every_minute, logs, failure):
    assert programme.stripe(paid(1)).good["handled"]
    keeper.failure = failure
    assert programme.stripe(paid(2)).good["handled"]
    assert programme.stripe(paid(3), "whsec_forged").status == 400
    written = logs()
    assert "what was last known of it stays in use" in written
    assert SIGNING_SECRET not in written


def test_a_secret_that_was_never_known_is_a_500_and_stripe_sends_again(
    programme, keeper, untouched
):
    keeper.failure = FAILURES[0]
    with untouched():
        assert programme.stripe(paid(1)).status == 500
    keeper.failure = None
    assert programme.stripe(paid(1)).good["handled"]


def test_a_replaced_secret_is_in_force_after_a_minute(programme, keeper, monkeypatch):
    assert programme.stripe(paid(1)).good["handled"]
    keeper.secrets["StripeSecret"] = json.dumps({"signing_secrets": ["whsec_new"]})
    assert programme.stripe(paid(2), "whsec_new").status == 400
    monkeypatch.setattr(changing_secret, "SECRET_AGE", -1)
    assert programme.stripe(paid(2), "whsec_new").good["handled"]
    assert programme.stripe(paid(3), SIGNING_SECRET).status == 400


def test_a_failing_secrets_manager_is_asked_once_a_minute(programme, keeper, monkeypatch):
    assert programme.stripe(paid(1)).good["handled"]
    now = time.monotonic()
    monkeypatch.setattr(changing_secret.time, "monotonic", lambda: now + 61)
    keeper.failure = FAILURES[0]
    for number in range(5):
        assert programme.stripe(paid(number)).good["handled"]
    assert keeper.asked.count(roles.arn("StripeSecret")) == 2


def test_the_hashing_secret_is_fetched_once_and_never_again(programme, keeper, every_minute):
    assert programme.click().good
    keeper.failure = FAILURES[0]
    assert programme.click().good
    assert programme.signup("user-new").good
    assert keeper.asked.count(roles.arn("HashingSecret")) == 1


def test_a_secrets_manager_that_is_silent_leaves_a_function_most_of_its_time(monkeypatch):
    shortest = min(
        resource["Properties"].get("Timeout", template()["Globals"]["Function"]["Timeout"])
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    )
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        settings._secrets.cache_clear()
        started = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            settings._secrets().get_secret_value(SecretId="secret")
        settings._secrets.cache_clear()
    assert time.monotonic() - started < shortest / 2


class Provider:
    """An identity provider that is down: it counts who knocks, and answers nobody well."""

    def __init__(self, answer: bytes | None) -> None:
        outer, self.knocks = self, 0

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.knocks += 1
                self.send_response(503 if answer is None else 200)
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def down(tokens, configure):
    """The provider is down, and answers so."""
    started = []

    def now_down(answer: bytes | None) -> Provider:
        provider = Provider(answer)
        started.append(provider.server)
        configure(JWT_JWKS_URL=provider.url)
        _key_set.cache_clear()
        return provider

    yield now_down
    for server in started:
        server.shutdown()
        server.server_close()


def me(token: str) -> int:
    return request("my_referrals", "GET", "/referrals/me", token=token).status


@pytest.mark.parametrize("answer", [None, b"<html>", b"[]", b'{"keys": []}', b"{}"])
def test_a_provider_that_is_down_is_asked_once_in_a_while_and_nobody_is_called_a_liar(
    programme, tokens, down, answer
):
    provider = down(answer)
    statuses = {me(tokens.of(REFERRER, key_id=f"junk-{number}")) for number in range(5)}
    assert statuses | {me(tokens.of(REFERRER))} == {500}
    assert provider.knocks == 1


def test_a_provider_that_came_back_is_found_again(programme, tokens, down, monkeypatch):
    monkeypatch.setattr(signing_keys, "_PAUSE_SECONDS", 0)
    down(None)
    assert me(tokens.of(REFERRER)) == 500
    _key_set(settings.settings().jwt.jwks_url).uri = tokens.jwks_url
    assert me(tokens.of(REFERRER)) == 200


def test_junk_cannot_make_a_provider_that_is_up_be_asked_each_time(
    programme, tokens, configure, monkeypatch
):
    fetches = []
    fetch = signing_keys.SigningKeys.fetch_data
    monkeypatch.setattr(
        signing_keys.SigningKeys, "fetch_data", lambda keys: fetches.append(keys) or fetch(keys)
    )
    assert me(tokens.of(REFERRER)) == 200
    assert {me(tokens.of(REFERRER, key_id=f"junk-{number}")) for number in range(20)} == {401}
    assert me(tokens.of(REFERRER)) == 200
    assert len(fetches) == 1


def test_known_keys_serve_while_the_provider_is_down(programme, tokens):
    assert me(tokens.of(REFERRER)) == 200
    _key_set(tokens.jwks_url).uri = "http://127.0.0.1:9/jwks.json"
    assert me(tokens.of(REFERRER, key_id="junk")) == 401
    assert me(tokens.of(REFERRER)) == 200


@pytest.mark.parametrize("url", ["http://id.example.com/jwks.json", "ftp://id", "id.example.com"])
@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_keys_come_by_https_alone(configure, url, stage):
    configure(ENVIRONMENT=stage, JWT_JWKS_URL=url)
    with pytest.raises(ValueError, match="https"):
        settings.settings()
    configure(ENVIRONMENT=stage, JWT_JWKS_URL="https://id.example.com/jwks.json")
    assert settings.settings().jwt.jwks_url
