"""Too much at once is told as such, and a machine of the product's is held back by no plan."""

import pytest
from botocore.exceptions import ClientError

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.table import Table
from referrals.store import metering
from tests import stripe_payloads

THROTTLED = ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "Query")


@pytest.mark.parametrize("error", [Busy("in use"), THROTTLED], ids=["conflicts", "throttled"])
def test_who_comes_when_all_come_is_told_to_come_again(programme, table, monkeypatch, error):
    def fail(*_, **__):
        raise error

    sale = programme.referred("user-known")
    with monkeypatch.context() as patched:
        patched.setattr(Table, "transact", fail)
        answer = programme.signup("user-new")
        webhook = programme.stripe(stripe_payloads.invoice_paid(sale))
    assert (answer.status, webhook.status) == (503, 503)
    assert int(answer.headers["Retry-After"]) == answer.data["retry_after"] >= 1
    assert answer.body["msg"] == "too much at once, try again"
    assert programme.signup("user-new").good


def test_a_service_key_is_limited_by_no_plan_and_its_use_is_counted(programme, table):
    metering.set_plan(table, "service-backend", "free", overage=False)
    answers = [programme.signup(f"user-{number}") for number in range(8)]
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["X-Credits-Charged"] for answer in answers} == {"1"}
    refused = programme.signup("user-new", code="ZZZZZZZZZZZZ")
    assert (refused.status, refused.headers["X-Credits-Charged"]) == (400, "0")
    account = programme.admin("get_account", "GET", "/admin/accounts/service-backend").good
    assert account["service_used"] == 8
    assert account["account"]["month"]["used"] == 0


def test_a_request_that_cannot_be_counted_is_answered(programme, table, monkeypatch):
    def fail(**_):
        raise Busy("in use")

    with monkeypatch.context() as patched:
        patched.setattr(type(table), "unrepeated", type("None", (), {"update_item": fail})())
        assert programme.signup("user-new").good
