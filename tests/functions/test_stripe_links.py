"""Stripe's customers become users, and paid invoices count: once, whatever comes first."""

import itertools

import pytest

from tests import stripe_payloads
from tests.functions.running import REFERRER
from tests.stripe_payloads import BASIL, OLD, SHAPES, Sale

USER = "user-new"


@pytest.fixture(params=SHAPES)
def sale(request, programme) -> Sale:
    """A sale to a user who signed up, and whom nothing links to the customer yet."""
    assert programme.signup(USER).good
    return Sale(customer="cus_new", shape=request.param)


def assert_rewarded(programme):
    assert programme.status_of(USER) == "rewarded"
    assert programme.balance(USER) == programme.balance(REFERRER) == 10_000


def by_checkout_reference(sale):
    return stripe_payloads.checkout_completed(sale, client_reference_id=USER)


def by_checkout_metadata(sale):
    return stripe_payloads.checkout_completed(sale, metadata={"user_id": USER})


def by_customer(sale):
    return stripe_payloads.customer_event(sale, metadata={"user_id": USER})


def by_changed_customer(sale):
    return stripe_payloads.customer_event(sale, "customer.updated", metadata={"user_id": USER})


def by_charge_metadata(sale):
    return stripe_payloads.charge_succeeded(sale, metadata={"user_id": USER})


def by_invoice_metadata(sale):
    return stripe_payloads.invoice_paid(sale, metadata={"user_id": USER})


def by_subscription_metadata(sale):
    details = {"metadata": {"user_id": USER}, "subscription": "sub_1"}
    if sale.shape == OLD:
        return stripe_payloads.invoice_paid(sale, subscription_details=details)
    parent = {"type": "subscription_details", "subscription_details": details}
    return stripe_payloads.invoice_paid(sale, parent=parent)


LINKS = [
    by_checkout_reference,
    by_checkout_metadata,
    by_customer,
    by_changed_customer,
    by_charge_metadata,
    by_invoice_metadata,
    by_subscription_metadata,
]


@pytest.mark.parametrize("link", LINKS)
def test_a_paid_invoice_waits_for_its_link(programme, sale, link):
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
    assert programme.status_of(USER) == "attributed"
    assert programme.stripe(link(sale)).good["handled"]
    assert_rewarded(programme)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_waits_for_its_paid_invoice(programme, sale, link):
    assert programme.stripe(link(sale)).good["handled"]
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
    assert_rewarded(programme)


def test_a_link_that_came_before_the_signup_counts(programme):
    sale = Sale(customer="cus_early")
    checkout = stripe_payloads.checkout_completed(sale, client_reference_id="user-late")
    assert programme.stripe(checkout).good
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good
    assert programme.signup("user-late").good["status"] == "rewarded"


def test_an_expanded_customer_is_the_same_customer(programme, sale):
    customer = stripe_payloads.customer_event(sale)["data"]["object"]
    programme.stripe(stripe_payloads.invoice_paid(sale, customer=customer))
    checkout = by_checkout_reference(sale)
    checkout["data"]["object"]["customer"] = customer
    programme.stripe(checkout)
    assert_rewarded(programme)


def test_expanded_payments_are_the_same_payments(programme, sale):
    charge = stripe_payloads.charge_succeeded(sale)["data"]["object"]
    intent = {"id": charge["payment_intent"], "object": "payment_intent", "amount": sale.amount}
    if sale.shape == OLD:
        event = stripe_payloads.invoice_paid(sale, charge=charge, payment_intent=intent)
    else:
        payment = {"payment_intent": intent, "type": "payment_intent"}
        paid_with = [stripe_payloads.invoice_payment(sale, payment=payment)]
        event = stripe_payloads.expanded_invoice_paid(sale, paid_with)
    programme.stripe(event)
    programme.stripe(by_customer(sale))
    assert_rewarded(programme)
    refund = stripe_payloads.charge_refunded(sale, payment_intent=intent)
    assert programme.stripe(refund).good
    assert programme.status_of(USER) == "rejected"


def test_one_invoice_under_twenty_event_ids_counts_once(programme, sale):
    programme.stripe(by_customer(sale))
    types = itertools.cycle(["invoice.paid", "invoice.payment_succeeded"])
    for type, _ in zip(types, range(20), strict=False):
        assert programme.stripe(stripe_payloads.invoice_paid(sale, type)).good["handled"]
    assert_rewarded(programme)
    assert programme.stats().good["rewarded_referrals"] == 1


def test_the_first_event_of_an_invoice_is_the_one_recorded(programme, sale):
    programme.stripe(by_customer(sale))
    first = stripe_payloads.invoice_paid(sale)
    programme.stripe(first)
    programme.stripe(stripe_payloads.invoice_paid(sale))
    attribution = programme.referral_of(USER)["attribution"]
    assert attribution["stripe_event_id"] == first["id"]
    assert attribution["first_paid_invoice_id"] == sale.invoice
    assert attribution["stripe_invoice_id"] == sale.invoice


@pytest.mark.parametrize("reason", ["subscription_create", "subscription_cycle", "subscription"])
def test_an_invoice_of_a_subscription_qualifies(programme, reason):
    sale = Sale(customer=programme.referred(USER).customer, billing_reason=reason)
    programme.stripe(stripe_payloads.invoice_paid(sale))
    assert_rewarded(programme)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (0, "subscription_create"),
        (4900, "manual"),
        (4900, "subscription_threshold"),
        (4900, "quote_accept"),
        (4900, "upcoming"),
        (4900, "automatic_pending_invoice_item_invoice"),
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_invoice_without_a_subscriptions_money_does_not_qualify(
    programme, amount, reason, shape
):
    customer = programme.referred(USER).customer
    sale = Sale(customer=customer, amount=amount, billing_reason=reason, shape=shape)
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
    assert programme.status_of(USER) == "attributed"


def test_a_free_trial_does_not_stand_in_the_way_of_the_first_real_payment(programme):
    customer = programme.referred(USER).customer
    programme.stripe(stripe_payloads.invoice_paid(Sale(customer=customer, amount=0)))
    paid = Sale(customer=customer, billing_reason="subscription_cycle")
    programme.stripe(stripe_payloads.invoice_paid(paid))
    assert_rewarded(programme)
    assert programme.referral_of(USER)["attribution"]["stripe_invoice_id"] == paid.invoice


def test_what_must_be_paid_at_least_can_be_chosen(programme, configure):
    configure(MINIMUM_PAID_AMOUNT=5000)
    customer = programme.referred(USER).customer
    programme.stripe(stripe_payloads.invoice_paid(Sale(customer=customer, amount=4999)))
    assert programme.status_of(USER) == "attributed"
    programme.stripe(stripe_payloads.invoice_paid(Sale(customer=customer, amount=5000)))
    assert_rewarded(programme)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_guests_charge_is_nobodys(programme, untouched, shape):
    sale = Sale(customer="cus_none", shape=shape)
    for build in (stripe_payloads.charge_succeeded, stripe_payloads.charge_refunded):
        with untouched():
            answer = programme.stripe(build(sale, customer=None, invoice=None))
        assert answer.good["handled"] is False


def test_a_guests_checkout_is_nobodys(programme, untouched):
    sale = Sale(customer="cus_none")
    event = stripe_payloads.checkout_completed(sale, customer=None, client_reference_id=USER)
    with untouched():
        assert programme.stripe(event).good["handled"] is False


@pytest.mark.parametrize("shape", SHAPES)
def test_an_invoice_that_bills_no_customer_is_nobodys(programme, untouched, shape):
    event = stripe_payloads.invoice_paid(Sale(customer="cus_none", shape=shape), customer=None)
    with untouched():
        assert programme.stripe(event).good["handled"] is False


def test_a_customer_of_the_referrer_is_a_reason_for_review(programme):
    sale = Sale(customer="cus_shared", shape=BASIL)
    programme.stripe(stripe_payloads.customer_event(sale, metadata={"user_id": REFERRER}))
    programme.referred(USER, customer="cus_shared")
    programme.stripe(stripe_payloads.invoice_paid(sale))
    held = programme.referral_of(USER)["attribution"]
    assert held["status"] == "review_required"
    assert held["review_reason"] == "same_stripe_customer"
    assert "same_stripe_customer" in held["risk_flags"]


def test_a_card_of_the_referrer_is_a_reason_for_review(programme):
    own = Sale(customer="cus_referrer", card="one-card")
    programme.stripe(stripe_payloads.customer_event(own, metadata={"user_id": REFERRER}))
    programme.stripe(stripe_payloads.charge_succeeded(own))
    sale = Sale(customer=programme.referred(USER).customer, card="one-card")
    programme.stripe(stripe_payloads.charge_succeeded(sale))
    programme.stripe(stripe_payloads.invoice_paid(sale))
    assert programme.referral_of(USER)["attribution"]["review_reason"] == "same_card"
