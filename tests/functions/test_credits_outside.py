"""With CreditsBackend the webhook leaves a grant owed, and recovery makes it at the outside."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import stripe
from ministack.core.iam_evaluator import parse_policy_document

from referrals.acts.recount import outside
from referrals.edge import settings, stripe_api
from tests import stripe_payloads
from tests.functions.client import invoke
from tests.functions.conftest import HASHING_SECRET, SIGNING_SECRET
from tests.functions.running import REFERRER
from tests.iam import guard, roles
from tests.iam.roles import Permission, resolved
from tests.outside.books import differences
from tests.outside.stripe_account import OVERLOADED, StripeAccount, Wire
from tests.template import template

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
API_KEY = "rk_test_only"


def _policy(*names):
    """What a role may do besides, where credits are at Stripe."""
    documents = (template()["Resources"][one]["Properties"]["PolicyDocument"] for one in names)
    return [one for document in documents for one in parse_policy_document(resolved(document))]


def _recovery_s():
    return _policy("CreditsAtStripePolicy", "AskStripePolicy")


@pytest.fixture
def account():
    return StripeAccount(lambda: NOW)


@pytest.fixture
def wire(account):
    return Wire(account)


@pytest.fixture
def at_stripe(configure, monkeypatch, wire):
    """The programme as it is deployed with stripe_balance, by the policies of such a deploy."""
    configure(CREDITS_BACKEND="stripe_balance", CREDIT_AMOUNT="0.1", CREDIT_CURRENCY="usd")
    client = stripe.StripeClient(API_KEY, http_client=wire, max_network_retries=0)
    monkeypatch.setattr(stripe_api, "client", lambda api_key: client)
    kept = {"signing_secrets": [SIGNING_SECRET], "api_key": API_KEY}
    secrets = {"HashingSecret": HASHING_SECRET, "StripeSecret": json.dumps(kept)}
    monkeypatch.setattr(settings, "_secret", guard.secrets(secrets))
    usual = roles.statements
    more = {"recover_grants": _recovery_s(), "reconcile": _policy("AskStripePolicy")}
    monkeypatch.setattr(guard, "statements", lambda one: [*usual(one), *more.get(one, [])])


@pytest.fixture
def owed(programme, account, at_stripe):
    """A referral whose payment is in, and what was paid; both its users are customers."""
    sale = programme.referred("user-1")
    referrer = stripe_payloads.Sale(customer="cus_ref", number=90)
    programme.stripe(stripe_payloads.customer_event(referrer, metadata={"user_id": REFERRER}))
    account.add(sale.customer)
    account.add("cus_ref")
    programme.pay(sale)
    return sale


def _credit(account, customer):
    return -account.customers[customer]["balance"]


def test_the_webhook_asks_stripe_nothing_and_leaves_the_grant_owed(programme, wire, owed):
    assert wire.asked == []
    referral = programme.referral_of("user-1")
    assert referral["attribution"]["status"] == "qualified"
    assert not any("credits_granted_at" in reward for reward in referral["rewards"])


def test_recovery_grants_at_stripe_and_shows_where(programme, account, owed):
    assert programme.recover().good == {"attempted": 2, "recovered": 2, "errors": []}
    assert (_credit(account, owed.customer), _credit(account, "cus_ref")) == (1_000, 1_000)
    assert programme.status_of("user-1") == "rewarded"
    for reward in programme.referral_of("user-1")["rewards"]:
        assert reward["backend"] == "stripe_balance"
        assert reward["outside_id"].startswith("cbtxn_")
    assert differences(programme.table, account) == []


def test_credits_at_stripe_are_not_spent_here_too(programme, owed):
    programme.recover()
    assert programme.balance("user-1") == 0
    page = programme.admin("get_account", "GET", "/admin/accounts/user-1").good
    assert page["account"]["granted_left"] == 0
    (booking,) = page["ledger"]
    assert (booking["credits"], booking["backend"]) == (10_000, "stripe_balance")


def test_while_stripe_is_down_errors_say_so_and_the_schedule_finishes_it(
    programme, account, wire, owed, time_is
):
    time_is(NOW)
    wire.before = lambda *_: OVERLOADED
    answer = programme.recover().good
    assert answer["recovered"] == 0
    assert all(error.endswith(": Stripe failed (503)") for error in answer["errors"])
    assert API_KEY not in json.dumps(answer)
    wire.before = lambda *_: None
    time_is(datetime.now(UTC) + timedelta(hours=1))
    assert invoke("recover_grants", {})["recovered"] == 2
    assert differences(programme.table, account) == []


def test_a_refund_is_taken_back_at_stripe(programme, account, owed):
    programme.recover()
    programme.stripe(stripe_payloads.charge_refunded(owed))
    assert programme.recover().good["errors"] == []
    assert (_credit(account, owed.customer), _credit(account, "cus_ref")) == (0, 0)
    assert differences(programme.table, account) == []


def test_a_secret_without_an_api_key_is_told(programme, owed, monkeypatch):
    kept = {"signing_secrets": [SIGNING_SECRET]}
    secrets = {"HashingSecret": HASHING_SECRET, "StripeSecret": json.dumps(kept)}
    monkeypatch.setattr(settings, "_secret", guard.secrets(secrets))
    settings.settings.cache_clear()
    assert "the Stripe secret holds no API key" in str(programme.recover().good["errors"])


def test_the_policy_allows_what_recovery_does_and_nothing_else(
    programme, account, wire, owed, time_is
):
    settings.settings.cache_clear()
    with guard.noting() as used:
        wire.before = lambda *_: OVERLOADED
        programme.recover()
        wire.before = lambda *_: None
        # The order's customer is deleted, and what it was for was refunded: the slot is free.
        account.delete(owed.customer)
        account.delete("cus_ref")
        programme.stripe(stripe_payloads.charge_refunded(owed))
        programme.recover()
    allowed = {
        Permission("recover_grants", one.sid, action, resource, keys, attribute)
        for one in _recovery_s()
        for action in one.actions
        for resource in one.resources
        for keys in roles.bound_to(one, roles.KEYS) or [None]
        for attribute in [None, *(roles.bound_to(one, roles.ATTRIBUTES) or [])]
    }
    assert allowed - used == set()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"CREDITS_BACKEND": "bank"}, "CREDITS_BACKEND"),
        ({"CREDIT_AMOUNT": ""}, "CREDIT_AMOUNT"),
        ({"CREDIT_AMOUNT": "0"}, "CREDIT_AMOUNT"),
        ({"CREDIT_AMOUNT": "0.00001"}, "CREDIT_AMOUNT"),
        ({"CREDIT_CURRENCY": ""}, "CREDIT_CURRENCY"),
        ({"CREDIT_CURRENCY": "USD"}, "CREDIT_CURRENCY"),
    ],
)
def test_a_backend_without_its_parameters_fails_at_the_start(at_stripe, configure, wrong, named):
    configure(**wrong)
    with pytest.raises(ValueError, match=named):
        settings.settings()


def test_credit_grants_are_made_as_the_parameters_say(programme, account, at_stripe, configure):
    configure(CREDITS_BACKEND="stripe_credit_grants", CREDIT_PRICES="price_1")
    configure(CREDIT_EXPIRY_DAYS="90")
    sale = programme.referred("user-1")
    account.add(sale.customer)
    programme.pay(sale)
    assert programme.recover().good["recovered"] == 1
    (grant,) = account.grants
    assert grant["amount"]["monetary"]["value"] == 1_000
    assert grant["applicability_config"]["scope"]["prices"] == {"0": {"id": "price_1"}}
    assert grant["expires_at"] > (NOW + timedelta(days=30)).timestamp()
    programme.stripe(stripe_payloads.charge_refunded(sale))
    assert programme.recover().good["recovered"] == 0
    assert account.available(grant) == 0


def test_health_says_where_credits_go(programme, at_stripe):
    told = programme.admin("get_health", "GET", "/admin/health").good
    assert told["settings"]["credits_backend"] == "stripe_balance"


def test_the_ledger_needs_no_parameters(configure):
    configure(CREDITS_BACKEND="ledger", CREDIT_AMOUNT="", CREDIT_CURRENCY="")
    assert settings.settings().programme.credits_backend is None


def test_the_daily_recount_compares_the_ledger_with_stripe(programme, account, wire, owed):
    programme.recover()
    asked = len(wire.asked)
    settings.settings.cache_clear()
    with guard.noting() as used:
        assert invoke("reconcile", {})["differences"] == []
    assert "ReadTheApiKey" in {permission.sid for permission in used}
    assert len(wire.asked) > asked
    account.transactions.append({**account.transactions[0], "id": "cbtxn_again"})
    done = invoke("reconcile", {})
    assert done["difference_count"] == len(done["differences"]) > 0
    assert "done 2 times" in done["differences"][0]


def test_who_cannot_be_asked_is_a_difference_and_the_reason_holds_no_secret(
    programme, owed, monkeypatch
):
    programme.recover()
    kept = {"signing_secrets": [SIGNING_SECRET]}
    secrets = {"HashingSecret": HASHING_SECRET, "StripeSecret": json.dumps(kept)}
    monkeypatch.setattr(settings, "_secret", guard.secrets(secrets))
    monkeypatch.setattr(outside, "time", SimpleNamespace(sleep=lambda _: None))
    settings.settings.cache_clear()
    (told,) = invoke("reconcile", {})["differences"]
    assert told == ("outside: not compared with stripe_balance: the Stripe secret holds no API key")
