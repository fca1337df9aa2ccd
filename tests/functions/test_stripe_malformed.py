"""Events that Stripe signed and that make no sense: 400, and nothing changes."""

import copy
import json

import pytest

from tests import stripe_payloads
from tests.functions.running import SIGNING_SECRET
from tests.stripe_payloads import BASIL, OLD, SHAPES, Sale, encoded, signature

EVENTS = {
    "invoice.paid": stripe_payloads.invoice_paid,
    "charge.succeeded": stripe_payloads.charge_succeeded,
    "charge.refunded": stripe_payloads.charge_refunded,
    "checkout.session.completed": stripe_payloads.checkout_completed,
    "customer.created": stripe_payloads.customer_event,
    "charge.dispute.created": stripe_payloads.dispute_created,
    "radar.early_fraud_warning.created": stripe_payloads.fraud_warning,
}
# What each object cannot do without, and what else is read of it.
REQUIRED = {
    "invoice.paid": {"id", "customer", "amount_paid"},
    "charge.succeeded": {"id", "amount", "created"},
    "charge.refunded": {"id", "amount", "created"},
    "checkout.session.completed": {"id"},
    "customer.created": {"id"},
    "charge.dispute.created": {"id", "charge"},
    "radar.early_fraud_warning.created": {"id", "charge"},
}
OPTIONAL = {
    "invoice.paid": {"metadata", "billing_reason", "created", "status_transitions"},
    "charge.succeeded": {"customer", "metadata", "payment_method_details"},
    "charge.refunded": {"customer", "amount_refunded"},
    "checkout.session.completed": {"customer", "metadata", "customer_details"},
    "customer.created": {"metadata"},
    "charge.dispute.created": set(),
    "radar.early_fraud_warning.created": set(),
}
OF_SHAPE = {OLD: {"charge"}, BASIL: {"payments", "parent"}}
WRONG = {
    "id": (None, 5, "", "in 1", "in#1", "i" * 256, [], {}, {"id": None}, True),
    "customer": (5, "", "cus#1", [], {}, {"object": "customer"}),
    "charge": (5, "", "ch 1", [], {}),
    "amount_paid": (None, -1, "4900", 49.5, True, [], 10**16),
    "amount": (None, -1, "4900", 49.5, True),
    "amount_refunded": (-1, "all", 0.5),
    "created": ("today", -1, 1.5, True, 10**12),
    "metadata": ("user-new", 5, ["user_id"]),
    "billing_reason": (5, "r" * 65),
    "payments": ([], "none", {"data": {}}, {"data": [5]}),
    "parent": ("subscription", []),
    "status_transitions": ([], {"paid_at": "now"}, {"paid_at": -5}),
    "payment_method_details": ("card", [], {"card": "visa"}),
    "customer_details": ("sam", [], {"email": 5}),
}


@pytest.fixture
def refuses(programme, untouched):
    def check(payload, name=None):
        header = {"stripe-signature": signature(payload, SIGNING_SECRET)}
        with untouched():
            answer = programme.webhook(payload, header)
        assert answer.status == 400, (name, answer.text)

    return check


@pytest.fixture
def sale(programme):
    """A sale whose invoice is paid: there is something to damage."""
    sale = programme.referred("user-new")
    programme.stripe(stripe_payloads.invoice_paid(sale))
    return sale


@pytest.mark.parametrize("type", EVENTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_missing_and_wrong_values_are_a_400_that_changes_nothing(refuses, sale, type, shape):
    event = EVENTS[type](Sale(customer=sale.customer, shape=shape))
    for field in REQUIRED[type]:
        damaged = copy.deepcopy(event)
        del damaged["data"]["object"][field]
        refuses(encoded(damaged), field)
    read = REQUIRED[type] | OPTIONAL[type]
    for field in read | (OF_SHAPE[shape] if type == "invoice.paid" else set()):
        for value in WRONG[field]:
            damaged = copy.deepcopy(event)
            damaged["data"]["object"][field] = value
            refuses(encoded(damaged), (field, value))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", value) for value in (None, 5, "", "evt 1", "e" * 256)),
        *(("type", value) for value in (None, 5, "", [], "t" * 256)),
        *(("data", value) for value in (None, [], "x", {}, {"object": None}, {"object": []})),
        ("created", "today"),
    ],
)
def test_a_frame_that_is_not_stripes_is_a_400(refuses, sale, field, value):
    event = stripe_payloads.charge_refunded(sale)
    refuses(encoded(event | {field: value}))
    del event[field]
    if field != "created":
        refuses(encoded(event))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"[{}]",
        b"5",
        b'"event"',
        b"{}",
        b'{"id": "evt_1"}',
        b'{"id": "evt_1", "type": "invoice.paid", "data": {"object": {"id": NaN}}}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_event_is_a_400_although_it_is_signed(refuses, payload):
    refuses(payload)


def test_an_event_cut_off_anywhere_is_a_400(refuses, sale):
    payload = encoded(stripe_payloads.charge_refunded(sale))
    for length in range(1, len(payload) - 1, len(payload) // 20):
        refuses(payload[:length], length)


def test_a_lone_surrogate_is_a_400(refuses, sale):
    event = stripe_payloads.customer_event(sale, email="\ud800@example.com")
    refuses(json.dumps(event).encode())


def test_the_answer_names_the_field_and_repeats_no_value(programme, sale):
    event = stripe_payloads.invoice_paid(sale, amount_paid="a secret amount")
    answer = programme.stripe(event)
    assert answer.fields == ["amount_paid"]
    assert "secret" not in answer.text


@pytest.mark.parametrize("value", ["", " ", "a#b", "two words", "u" * 129, 5, None, ["user-new"]])
def test_a_user_id_that_no_user_can_have_links_nobody(programme, untouched, value):
    sale = Sale(customer="cus_stranger", shape=BASIL, email="")
    with untouched():
        answer = programme.stripe(
            stripe_payloads.customer_event(sale, metadata={"user_id": value}, email=None)
        )
    assert answer.good["handled"]
