"""The service as its functions see it: an environment, secrets, a table, a running programme."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import stripe

from referrals.dynamodb import side_by_side
from referrals.dynamodb.table import Table
from referrals.edge import auth, clock, service, settings, starting, stripe_api, telemetry
from referrals.edge import webhook_courier as couriers
from referrals.edge.tokens import _key_set
from referrals.store import keys
from tests.functions.client import invoke
from tests.functions.fake_stripe import FakeStripe
from tests.functions.identity_provider import AUDIENCE, ISSUER, IdentityProvider
from tests.functions.receiving import Receiving, record_of
from tests.functions.running import (
    CALLERS,
    OLDER_SIGNING_SECRET,
    SIGNING_SECRET,
    RunningProgramme,
)
from tests.iam import guard, roles
from tests.simulation.standins import InTurn
from tests.tables import direct_table, everything

HASHING_SECRET = "a hashing secret that nothing may show"
API_KEY = "sk_test_an_api_key_that_nothing_may_show"
STRIPE_SECRETS = json.dumps({"signing_secrets": [SIGNING_SECRET, OLDER_SIGNING_SECRET]})


@pytest.fixture
def table() -> Table:
    """A fresh table, without the way through botocore, which tests/store goes."""
    return direct_table()


@pytest.fixture(autouse=True)
def environment(monkeypatch, table):
    """A fresh process on a fresh table, as after a cold start."""
    monkeypatch.setenv("TABLE_NAME", table.name)
    monkeypatch.setenv("HASHING_SECRET", roles.arn("HashingSecret"))
    monkeypatch.setenv("STRIPE_SECRET", roles.arn("StripeSecret"))
    secrets = {"HashingSecret": HASHING_SECRET, "StripeSecret": STRIPE_SECRETS}
    monkeypatch.setattr(settings, "_secret", guard.secrets(secrets))
    # No threads: they would take half of the time, and wait for each other at the table.
    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", InTurn)
    monkeypatch.setattr(service, "table", lambda: table)
    monkeypatch.setenv("DELIVER_EVENTS", roles.arn(f"DeliverEventsFunction{roles.ALIAS}"))
    monkeypatch.setattr(starting, "start", guard.starts([]))
    monkeypatch.setattr(couriers, "sender", Receiving)
    settings.settings.cache_clear()
    _key_set.cache_clear()
    auth._recent_keys.clear()
    yield
    settings.settings.cache_clear()


@pytest.fixture
def configure(monkeypatch):
    """Set what the operator chooses, as a deploy with other parameters would."""

    def choose(**chosen: object) -> None:
        for name, value in chosen.items():
            monkeypatch.setenv(name, str(value))
        settings.settings.cache_clear()

    return choose


@pytest.fixture
def programme(table) -> RunningProgramme:
    return RunningProgramme(table)


@pytest.fixture
def stripe_answers(monkeypatch) -> Iterator[FakeStripe]:
    """The operator gave an API key, and Stripe answers what it is told to."""
    fake = FakeStripe()
    client = stripe.StripeClient(API_KEY, base_addresses={"api": fake.url}, max_network_retries=0)
    monkeypatch.setattr(stripe_api, "client", lambda api_key: client)
    secrets = {
        "HashingSecret": HASHING_SECRET,
        "StripeSecret": json.dumps({"signing_secrets": [SIGNING_SECRET], "api_key": API_KEY}),
    }
    monkeypatch.setattr(settings, "_secret", guard.secrets(secrets))
    yield fake
    fake.stop()


@pytest.fixture
def time_is(monkeypatch):
    """Set the clock of the service."""

    def set_to(at: datetime) -> datetime:
        monkeypatch.setattr(clock, "now", lambda: at.astimezone(UTC))
        return at

    return set_to


@pytest.fixture
def logs(monkeypatch, capfd):
    """All that the functions have written so far: log lines, metrics, prints."""
    written = io.StringIO()
    for handler in telemetry.logger.handlers:
        monkeypatch.setattr(handler, "stream", written)
    other = logging.StreamHandler(written)
    logging.getLogger().addHandler(other)

    def read() -> str:
        out, err = capfd.readouterr()
        written.write(out + err)
        return written.getvalue()

    yield read
    logging.getLogger().removeHandler(other)


@pytest.fixture
def untouched(table):
    """Whatever happens inside leaves the table as it was, but for notes of who and what came."""

    def stored():
        # Meters, and what the first signup leaves.
        kept_apart = {tuple(keys.credits(user_id)) for user_id in CALLERS}
        kept_apart.add(tuple(keys.FINGERPRINT))
        # How far it was looked.
        kept_apart.add(tuple(keys.RANKED))
        return [
            {name: value for name, value in item.items() if name != "last_used_on"}
            for item in everything(table)
            if (item["pk"], item["sk"]) not in kept_apart
            and item["pk"] not in (keys.EVENT_KINDS, keys.RUNS)
            and not item["sk"].startswith("USE#")
        ]

    @contextmanager
    def watch():
        before = stored()
        yield
        assert stored() == before

    return watch


@pytest.fixture(scope="session")
def identity_provider():
    provider = IdentityProvider()
    yield provider
    provider.stop()


@pytest.fixture
def tokens(identity_provider, configure) -> IdentityProvider:
    """The identity provider that the service trusts."""
    # The one environment whose keys may come by plain http.
    configure(ENVIRONMENT="local", JWT_JWKS_URL=identity_provider.jwks_url)
    configure(JWT_ISSUER=ISSUER, JWT_AUDIENCE=AUDIENCE)
    return identity_provider


_DELIVER = roles.arn(f"DeliverEventsFunction{roles.ALIAS}")


@pytest.fixture
def receiving(monkeypatch):
    one = Receiving()
    monkeypatch.setattr(couriers, "sender", lambda: one)
    return one


@pytest.fixture
def stream(programme, monkeypatch):
    """Carries what was put since it last did: to publish_events, and on to what that starts."""
    started, known = [], set()
    monkeypatch.setattr(starting, "start", guard.starts(started))

    def carry(*, times=1):
        items = [one for one in everything(programme.table) if (one["pk"], one["sk"]) not in known]
        known.update((one["pk"], one["sk"]) for one in items)
        for _ in range(times):
            told = invoke("publish_events", {"Records": [record_of(one) for one in items]})
        handed, started[:] = list(started), []
        for function, payload in handed:
            assert function == _DELIVER
            invoke("deliver_events", json.loads(json.dumps(payload)))
        return told["told"]

    carry()
    return carry
