"""What is kept, logged and answered says nothing that it must not."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from referrals.dynamodb.table import Table
from tests import stripe_payloads
from tests.functions.client import ADDRESS, AGENT, invoke, request
from tests.functions.conftest import HASHING_SECRET
from tests.functions.running import (
    CODE,
    OLDER_SIGNING_SECRET,
    REFERRER,
    SIGNING_SECRET,
    RunningProgramme,
)
from tests.stripe_payloads import Sale
from tests.tables import everything

EMAIL = "sam.de.vries+news@example.com"


def whole_life(programme, tokens):
    """Every endpoint, well and badly called; returns all that nobody may find afterwards."""
    token, expired = tokens.of(REFERRER), tokens.of(REFERRER, exp=1)
    click = programme.click(landing_path="/p?secret=query-secret").good["click_id"]
    programme.click(code="ZZZZZZZZZZZZ")
    programme.signup("user-new", click_id=click, email=EMAIL, stripe_customer_id="cus_new")
    programme.signup("user-new", email="not-an-address-but-private")
    sale = Sale(customer="cus_new", email="billing-address@example.com", card="fingerprint-1")
    programme.stripe(stripe_payloads.customer_event(sale))
    programme.stripe(stripe_payloads.charge_succeeded(sale))
    programme.stripe(stripe_payloads.invoice_paid(sale))
    programme.stripe(stripe_payloads.invoice_paid(sale), "whsec_of_an_attacker")
    programme.stripe(stripe_payloads.invoice_paid(sale, amount_paid="private-amount"))
    held = programme.in_review("user-held")["attribution"]["id"]
    programme.review("approve", held)
    programme.review("reject", held)
    programme.owed("user-owed")
    programme.recover()
    programme.list(cursor="forged-cursor")
    programme.stats(start="never")
    for one in (token, expired):
        request("my_referrals", "GET", "/referrals/me", token=one)
        request("my_referral_events", "GET", "/referrals/me/events", token=one)
    programme.admin("list_referrals", "GET", "/admin/referrals", key="rfk_wrong-key")
    for schedule in ("recover_grants", "expire_attributions", "roll_up_clicks"):
        invoke(schedule, {})
    return {
        "address": ADDRESS,
        "agent": AGENT,
        "e-mail": EMAIL,
        "normalized e-mail": "sam.de.vries@example.com",
        "e-mail at Stripe": "billing-address@example.com",
        "refused e-mail": "not-an-address-but-private",
        "throw-away e-mail": "mailinator",
        "card": "fingerprint-1",
        "query": "query-secret",
        "admin key": programme.admin_key,
        "service key": programme.service_key,
        "wrong key": "rfk_wrong-key",
        "token": token,
        "expired token": expired,
        "hashing secret": HASHING_SECRET,
        "signing secret": SIGNING_SECRET,
        "older signing secret": OLDER_SIGNING_SECRET,
        "signature": "v1=",
        "cursor": "forged-cursor",
        "amount": "private-amount",
    }


def test_nothing_raw_is_kept(programme, tokens, table):
    private = whole_life(programme, tokens)
    stored = str(everything(table))
    assert [name for name, text in private.items() if text in stored] == []


def test_nothing_private_is_logged(programme, tokens, logs):
    private = whole_life(programme, tokens)
    written = logs()
    assert written.count('"message":"refused"') > 5
    assert [name for name, text in private.items() if text in written] == []


class BrokenClient:
    """A table that fails as DynamoDB does, with more in the message than anybody should read."""

    exceptions = None
    LEAK = "arn:aws:dynamodb:us-east-1:123456789012:table/private-table"

    def __init__(self, real, error):
        self._error = error
        self.exceptions = real.exceptions

    def __getattr__(self, name):
        def fail(**_):
            raise self._error

        return fail


ERRORS = {
    "throttled": ClientError(
        {"Error": {"Code": "ThrottlingException", "Message": BrokenClient.LEAK}}, "GetItem"
    ),
    "forbidden": ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": BrokenClient.LEAK}}, "Query"
    ),
    "unreachable": EndpointConnectionError(endpoint_url=f"https://{BrokenClient.LEAK}/"),
    "a bug": KeyError(BrokenClient.LEAK),
}


@pytest.fixture
def break_table(monkeypatch, table):
    def replace(error):
        from referrals.edge import service

        client = BrokenClient(table.client, error)
        broken = Table("private-table", client)
        broken.__dict__["unrepeated"] = client
        monkeypatch.setattr(service, "table", lambda: broken)

    return replace


def calls(programme: RunningProgramme, tokens):
    sale = Sale(customer="cus_new")
    token = tokens.of(REFERRER)
    yield "click", lambda: programme.click(code=CODE)
    yield "signup", lambda: programme.signup("user-new")
    yield "stripe", lambda: programme.stripe(stripe_payloads.invoice_paid(sale))
    yield "list", programme.list
    yield "stats", programme.stats
    yield "reject", lambda: programme.review("reject", "attr_1")
    yield "approve", lambda: programme.review("approve", "attr_1")
    yield "recover", programme.recover
    yield "me", lambda: request("my_referrals", "GET", "/referrals/me", token=token)
    path = "/referrals/me/events"
    yield "my events", lambda: request("my_referral_events", "GET", path, token=token)


@pytest.mark.parametrize("error", ERRORS)
def test_a_broken_table_is_a_500_that_says_nothing_and_a_busy_one_a_503(
    programme, tokens, break_table, logs, error
):
    prepared = list(calls(programme, tokens))
    break_table(ERRORS[error])
    for name, call in prepared:
        answer = call()
        told = {"request_id": answer.request_id}
        known = {"code": 500, "msg": "internal error", "data": told}
        if error == "throttled":
            known = {"code": 503, "msg": "too much at once, try again", "data": told}
            told["retry_after"] = 2
        assert answer.status == known["code"], name
        assert answer.body == known
        assert answer.request_id in logs()


@pytest.mark.parametrize("error", ERRORS)
def test_with_a_key_known_already_a_broken_table_is_a_500_too(
    programme, tokens, break_table, error
):
    programme.list()
    break_table(ERRORS[error])
    assert programme.list().status == (503 if error == "throttled" else 500)


def test_a_webhook_that_failed_half_way_is_completed_when_stripe_sends_it_again(
    programme, table, monkeypatch
):
    sale = programme.referred("user-new")
    event = stripe_payloads.invoice_paid(sale)
    with monkeypatch.context() as patched:
        patched.setattr(Table, "transact", lambda *_: (_ for _ in ()).throw(TimeoutError))
        assert programme.stripe(event).status == 500
    assert programme.status_of("user-new") == "attributed"
    assert programme.stripe(event).good["handled"]
    assert programme.status_of("user-new") == "rewarded"
    assert programme.balance("user-new") == 10_000
