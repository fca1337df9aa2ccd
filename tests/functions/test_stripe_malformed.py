"""Events of a handled kind that cannot be read: 400 and a metric, and nothing changes.

Whatever else Stripe signed is a 200 that says that it was not handled.
"""

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
    "invoice_payment.paid": stripe_payloads.invoice_payment_paid,
    "refund.created": stripe_payloads.refund,
}
# What each object cannot do without, and what else is read of it.
REQUIRED = {
    "invoice.paid": {"id"},
    "charge.succeeded": {"id", "amount", "created"},
    "charge.refunded": {"id", "amount", "created"},
    "checkout.session.completed": {"id"},
    "customer.created": {"id"},
    "charge.dispute.created": {"id", "charge"},
    "radar.early_fraud_warning.created": {"id", "charge"},
    "invoice_payment.paid": {"id"},
    "refund.created": {"id", "amount"},
}
OPTIONAL = {
    "invoice.paid": {
        "customer",
        "amount_paid",
        "status",
        "metadata",
        "billing_reason",
        "created",
        "status_transitions",
        "currency",
    },
    "charge.succeeded": {"customer", "metadata", "payment_method_details", "currency"},
    "charge.refunded": {"customer", "amount_refunded"},
    "checkout.session.completed": {"customer", "metadata", "customer_details"},
    "customer.created": {"metadata"},
    "charge.dispute.created": {"amount", "status"},
    "radar.early_fraud_warning.created": {"actionable"},
    "invoice_payment.paid": {"invoice", "payment", "status", "amount_paid", "currency"},
    "refund.created": {"charge", "status", "currency"},
}
# These a value that is not there says nothing of.
_NULLABLE = {("amount_paid", "invoice_payment.paid"), ("amount", "charge.dispute.created")}
OF_SHAPE = {OLD: {"charge"}, BASIL: {"payments", "parent"}}
WRONG = {
    "id": (None, 5, "", "in 1", "in#1", "i" * 256, [], {}, {"id": None}, True),
    "customer": (5, "", "cus#1", [], {}, {"object": "customer"}),
    "charge": (5, "", "ch 1", [], {}),
    "invoice": (5, "", "in 1", [], {}),
    "payment": ("pi_1", [], {"payment_intent": 5}, {"charge": "ch 1"}),
    "status": (5, [], "s" * 65),
    "currency": (5, None, "c" * 9),
    "actionable": (None, "yes", 1),
    "amount_paid": (-1, "4900", 49.5, True, [], 10**16),
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
            if value is None and (field, type) in _NULLABLE:
                continue
            damaged = copy.deepcopy(event)
            damaged["data"]["object"][field] = value
            refuses(encoded(damaged), (field, value))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", value) for value in (None, 5, "", "evt 1", "e" * 256)),
        *(("data", value) for value in (None, [], "x", {}, {"object": None}, {"object": []})),
        *(("created", value) for value in ("today", -1, 1.5, 10**12)),
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
        b'{"id": "evt_1", "type": "invoice.paid", "data": {"object": {"id": NaN}}}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        "{}".encode("utf-16"),
    ],
)
def test_what_nobody_can_read_is_a_400_although_it_is_signed(refuses, payload):
    refuses(payload)


@pytest.mark.parametrize("payload", [b"null", b"[]", b"[{}]", b"5", b'"event"', b"{}"])
def test_what_has_no_kind_is_not_ours_to_read(programme, untouched, payload):
    with untouched():
        answer = programme.webhook(
            payload, {"stripe-signature": signature(payload, SIGNING_SECRET)}
        )
    assert answer.good["handled"] is False


@pytest.mark.parametrize("kind", [None, 5, "", [], {}, "t" * 10_000, "invoice.created", "v2.paid"])
@pytest.mark.parametrize("rest", [{}, {"id": None}, {"data": []}, {"data": {"object": 5}}])
def test_an_unknown_kind_is_not_ours_to_read_whatever_its_shape(programme, untouched, kind, rest):
    event = {"id": "evt-1", "object": "event", "type": kind} | rest
    with untouched():
        assert programme.stripe(event).good["handled"] is False


def test_a_thin_event_is_not_ours_to_read(programme, untouched):
    with untouched():
        event = stripe_payloads.thin_event(Sale(customer="cus_1"))
        assert programme.stripe(event).good["handled"] is False


def test_what_cannot_be_read_is_counted_and_its_fields_are_logged(programme, logs, sale):
    assert programme.stripe(stripe_payloads.invoice_paid(sale, amount_paid="secret")).status == 400
    told = logs()
    assert '"UnreadableEvents":[1.0]' in told
    assert '"WebhookSignatureFailures"' not in told
    assert "amount_paid" in told
    assert "secret" not in told


@pytest.mark.parametrize("shape", SHAPES)
def test_an_id_may_hold_a_hyphen(programme, shape):
    customer = programme.referred("user-hyphen", customer="cus-1").customer
    programme.pay(Sale(customer=customer, number="1-2", shape=shape))
    assert programme.status_of("user-hyphen") == "rewarded"


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
    assert answer.good["handled"] is False
