"""What an operator is told of the events that Stripe sends, and of those that it does not."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import stripe_payloads as stripe
from tests.functions.client import invoke
from tests.stripe_payloads import BASIL, OLD, Sale
from tests.tables import everything

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_ALWAYS = ["charge.refunded", "charge.dispute.created", "charge.dispute.closed"]
_REFUNDS = ["refund.created", "refund.updated", "refund.failed"]


def test_nothing_is_missing_where_no_invoices_come(programme):
    assert invoke("check_stripe", {}) == {"seen": {}, "not_seen": [], "missing": []}


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        (OLD, ["charge.refunded", "charge.refund.updated", *_ALWAYS[1:]]),
        (BASIL, ["charge.refunded", *_REFUNDS, *_ALWAYS[1:]]),
        (
            "2026-10-28.endive",
            ["invoice_payment.paid", "charge.refunded", *_REFUNDS, *_ALWAYS[1:]],
        ),
    ],
)
def test_what_did_not_come_although_invoices_do_is_missing(programme, version, missing):
    sale = programme.referred("user-1")
    for event in (stripe.invoice_paid(sale), stripe.charge_succeeded(sale)):
        programme.stripe(event | {"api_version": version})
    told = invoke("check_stripe", {})
    assert told["missing"] == told["not_seen"] == missing
    assert told["seen"].keys() == {"invoice.paid", "charge.succeeded"}
    assert told["seen"]["invoice.paid"]["api_version"] == version


def test_an_event_without_a_version_is_taken_for_the_oldest(programme):
    sale = programme.referred("user-1")
    programme.stripe(stripe.invoice_paid(sale) | {"api_version": None})
    told = invoke("check_stripe", {})
    assert told["seen"]["invoice.paid"]["api_version"] == ""
    assert "charge.refund.updated" in told["missing"]


def test_a_kind_that_came_long_ago_is_missing_again(programme, time_is):
    time_is(NOON - timedelta(days=31))
    sale = programme.referred("user-1")
    programme.stripe(stripe.charge_refunded(sale) | {"created": 1})
    programme.stripe(stripe.invoice_paid(sale))
    time_is(NOON)
    assert invoke("check_stripe", {})["missing"] == []
    programme.stripe(stripe.invoice_paid(sale))
    told = invoke("check_stripe", {})
    assert "charge.refunded" in told["missing"]
    assert told["seen"]["charge.refunded"]["last_seen"] == "2026-10-20"


def test_a_kind_is_noted_once_a_day_and_process(programme, table, time_is):
    time_is(NOON)
    events = [stripe.customer_event(Sale(customer=f"cus_{number}")) for number in range(2)]
    programme.stripe(events[0])
    noted = [item for item in everything(table) if item["pk"] == "STRIPE#EVENTS"]
    for item in noted:
        changed = item | {"last_seen": "2000-01-01"}
        table.write(table.put("kind", changed))
    programme.stripe(events[1])
    assert invoke("check_stripe", {})["seen"]["customer.created"]["last_seen"] == "2000-01-01"


def test_what_does_not_count_is_not_seen(programme):
    programme.stripe(stripe.of_account(stripe.invoice_paid(Sale(customer="cus_1"))))
    assert invoke("check_stripe", {})["seen"] == {}
