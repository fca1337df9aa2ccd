"""With CreditsBackend=http recovery asks the product's own billing, by a role that may sign."""

import json

import pytest
from ministack.core.iam_evaluator import parse_policy_document

from referrals.edge import clock, credits_backend, settings
from tests import stripe_payloads
from tests.functions.conftest import HASHING_SECRET, STRIPE_SECRETS
from tests.functions.running import REFERRER
from tests.iam import guard, roles
from tests.outside.books import differences_of_product
from tests.outside.product import SECRET, URL, Product
from tests.template import template

NEW_SECRET = "whsec_" + 8 * "bmV3ZXN0"


def _policy():
    """What recovery's role may do besides, where credits are in the product."""
    document = template()["Resources"]["CreditsInProductPolicy"]["Properties"]["PolicyDocument"]
    return parse_policy_document(roles.resolved(document))


@pytest.fixture
def product(configure, monkeypatch):
    """The programme as it is deployed with http, by the policies of such a deploy."""
    configure(CREDITS_BACKEND="http", CREDITS_URL=URL, CREDITS_SECRET=roles.arn("CreditsSecret"))
    one = Product(clock.now)
    for user_id in (REFERRER, "user-1"):
        one.add(user_id)
    monkeypatch.setattr(credits_backend, "sender", lambda: one)
    _keep(monkeypatch, SECRET)
    usual = roles.statements
    more = {"recover_grants": _policy()}
    monkeypatch.setattr(guard, "statements", lambda one: [*usual(one), *more.get(one, [])])
    return one


def _keep(monkeypatch, secret):
    kept = {"HashingSecret": HASHING_SECRET, "StripeSecret": STRIPE_SECRETS}
    monkeypatch.setattr(settings, "_secret", guard.secrets(kept | {"CreditsSecret": secret}))
    settings.settings.cache_clear()


@pytest.fixture
def owed(programme, product):
    sale = programme.referred("user-1")
    programme.pay(sale)
    return sale


def test_recovery_grants_in_the_product_and_a_refund_takes_it_back(programme, product, owed):
    assert product.asked == []
    assert programme.recover().good == {"attempted": 2, "recovered": 2, "errors": []}
    assert (product.credits("user-1"), product.credits(REFERRER)) == (10_000, 10_000)
    assert programme.balance("user-1") == 0
    for reward in programme.referral_of("user-1")["rewards"]:
        assert reward["backend"] == "http"
    programme.stripe(stripe_payloads.charge_refunded(owed))
    assert programme.recover().good["errors"] == []
    assert (product.credits("user-1"), product.credits(REFERRER)) == (0, 0)
    assert differences_of_product(programme.table, product) == []


def test_the_policy_allows_to_sign_and_nothing_else(programme, owed):
    settings.settings.cache_clear()
    with guard.noting() as used:
        programme.recover()
    (statement,) = _policy()
    assert statement.sid in {permission.sid for permission in used}


def test_two_secrets_with_a_blank_between_them_are_both_in_force(
    programme, product, owed, monkeypatch
):
    _keep(monkeypatch, f"{NEW_SECRET} {SECRET}")
    assert programme.recover().good["recovered"] == 2


def test_a_secret_that_the_product_does_not_know_is_told(programme, owed, monkeypatch):
    _keep(monkeypatch, NEW_SECRET)
    errors = json.dumps(programme.recover().good["errors"])
    assert "does it know the secret?" in errors
    assert NEW_SECRET not in errors


@pytest.mark.parametrize(
    "url",
    ["", "http://billing.example.com/", "https://10.0.0.7/", "https://billing", "https://a@b.com/"],
)
def test_an_address_that_is_not_public_fails_at_the_start(product, configure, url):
    configure(CREDITS_URL=url)
    with pytest.raises(ValueError, match="CREDITS_URL, with CREDITS_BACKEND=http: "):
        settings.settings()


def test_on_the_local_stack_the_product_may_be_on_this_machine(product, configure):
    configure(ENVIRONMENT="local", CREDITS_URL="http://127.0.0.1:9999/credits")
    assert settings.settings().credits.url == "http://127.0.0.1:9999/credits"


def test_health_says_where_credits_go(programme, product):
    told = programme.admin("get_health", "GET", "/admin/health").good
    assert told["settings"]["credits_backend"] == "http"


def test_the_sender_waits_five_seconds_and_reads_a_short_answer():
    credits_backend.sender.cache_clear()
    usual = credits_backend.sender()
    assert (usual.seconds, usual.here, usual.reads) == (5, False, 10_000)
