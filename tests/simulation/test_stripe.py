"""The little Stripe: its events look like Stripe's, and tell what its books say."""

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest

from tests.simulation.stripe import DAY, Stripe, Told
from tests.simulation.stripe_books import deciding
from tests.simulation.stripe_stories import Story
from tests.stripe_payloads import BASIL, OLD

STORIES = 400
NOON = 1_795_176_000
PAID, PART = 4900, 1000


@pytest.fixture
def stripe():
    return an_account()


def an_account(**changes):
    return Stripe(**{"customer": "cus_u1", "now": NOON, "chance": Random(1)} | changes)


def a_story(seed):
    chance = Random(seed)
    stripe = an_account(
        chance=chance,
        versions=chance.choice([[OLD], [BASIL], [OLD, BASIL]]),
        expands=chance.random() < 0.2,
    )
    story = Story(stripe, chance)
    story.tell()
    return story


def object_of(told: Told):
    return told.payload["data"]["object"]


def of_kind(stripe, kind):
    return [object_of(told) for told in stripe.told if told.type == kind]


def replayed(events: Iterable[Told]):
    """What the events say, taken one after the other: of each object, its last state."""
    last = {}
    for told in sorted(events, key=lambda told: told.payload["created"]):
        last[object_of(told)["object"], object_of(told)["id"]] = object_of(told)
    return last


def test_since_2025_neither_invoice_nor_charge_names_the_other_but_their_payment_does(stripe):
    payment = stripe.pay(stripe.bill(PAID))
    (invoice,), (charge,) = of_kind(stripe, "invoice.paid"), of_kind(stripe, "charge.succeeded")
    assert not {"charge", "payment_intent", "payments"} & invoice.keys()
    assert "invoice" not in charge
    (both,) = of_kind(stripe, "invoice_payment.paid")
    assert (both["invoice"], both["payment"]["payment_intent"]) == (invoice["id"], payment.intent)
    assert [told.type for told in stripe.told if told.places] == ["invoice_payment.paid"]


def test_older_invoices_and_charges_name_each_other():
    stripe = an_account(versions=[OLD])
    payment = stripe.pay(stripe.bill(PAID))
    (invoice,), (charge,) = of_kind(stripe, "invoice.paid"), of_kind(stripe, "charge.succeeded")
    assert (invoice["charge"], invoice["payment_intent"]) == (payment.charge, payment.intent)
    assert (charge["id"], charge["invoice"]) == (payment.charge, invoice["id"])
    assert of_kind(stripe, "invoice_payment.paid") == []


def test_a_one_off_charge_is_no_invoices():
    stripe = an_account(versions=[OLD])
    stripe.pay(stripe.bill(PAID))
    stripe.refund(stripe.charge(PAID, "brl"), PAID)
    (charge,) = of_kind(stripe, "charge.refunded")
    assert (charge["invoice"], charge["currency"]) == (None, "brl")
    assert stripe.invoices[0].claimed == 0


def test_an_invoice_is_open_until_its_last_payment(stripe):
    invoice = stripe.bill(PAID)
    stripe.pay(invoice, PART)
    assert not invoice.qualifies
    stripe.pay(invoice)
    assert (invoice.qualifies, invoice.amount) == (True, PAID)
    told = of_kind(stripe, "invoice.payment_succeeded")
    assert [(one["status"], one["amount_paid"]) for one in told] == [("open", PART), ("paid", PAID)]
    assert len(of_kind(stripe, "invoice.paid")) == 1


@pytest.mark.parametrize(("version", "counted"), [(OLD, 0), (BASIL, PAID)])
def test_what_was_paid_out_of_band_counts_as_asked_for(version, counted):
    stripe = an_account(versions=[version])
    stripe.pay_out_of_band(stripe.bill(PAID))
    (told,) = of_kind(stripe, "invoice.paid")
    assert (told["status"], told["amount_paid"]) == ("paid", counted)
    assert (stripe.invoices[0].qualifies, stripe.invoices[0].amount) == (True, PAID)


def test_trials_work_by_hand_and_invoices_of_no_subscription_do_not_count(stripe):
    stripe.bill(0)
    stripe.pay(stripe.bill(PAID, reason="manual", subscription=False))
    stripe.pay(stripe.bill(PAID, reason=None, subscription=False))
    assert deciding(stripe.invoices, stripe.now) is None
    told = of_kind(stripe, "invoice.paid")
    assert [(one["billing_reason"], one["parent"]) for one in told[1:]] == [
        ("manual", None),
        (None, None),
    ]


def test_the_first_to_be_paid_decides_not_the_first_to_be_asked_for(stripe):
    first, second = stripe.bill(PAID), stripe.bill(PAID)
    stripe.pay(second)
    stripe.now += 2 * DAY
    stripe.pay(first)
    assert deciding(stripe.invoices, stripe.now) is second
    assert deciding(stripe.invoices, NOON) is None


def test_a_refund_that_failed_leaves_nothing_claimed_though_no_charge_says_so(stripe):
    payment = stripe.pay(stripe.bill(PAID))
    payment.placed = True
    refund = stripe.refund(payment, PAID, "pending")
    assert stripe.invoices[0].claimed == PAID
    stripe.refund_becomes(refund, payment, "failed")
    assert (stripe.invoices[0].claimed, stripe.invoices[0].ever_claimed) == (0, PAID)
    assert [one["amount_refunded"] for one in of_kind(stripe, "charge.refunded")] == [PAID]
    stripe.refund(payment, PART)
    assert [one["amount_refunded"] for one in of_kind(stripe, "charge.refunded")] == [PAID, PART]


@pytest.mark.parametrize(("end", "claimed"), [("lost", PART), ("won", 0), ("warning_closed", 0)])
def test_a_dispute_claims_its_amount_unless_the_money_stays(stripe, end, claimed):
    payment = stripe.pay(stripe.bill(PAID))
    payment.placed = True
    dispute = stripe.dispute(payment, PART)
    assert stripe.invoices[0].claimed == PART
    stripe.dispute_becomes(dispute, payment, end)
    assert stripe.invoices[0].claimed == claimed


def test_claims_on_one_charge_are_no_more_than_was_paid_by_it(stripe):
    invoice = stripe.bill(PAID)
    for payment in stripe.pay(invoice, PART), stripe.pay(invoice):
        payment.placed = True
    stripe.refund(invoice.payments[0], PART)
    stripe.dispute(invoice.payments[0], PART)
    assert invoice.claimed == PART


def test_a_warning_asks_for_nothing_once_the_money_went_back(stripe):
    payment = stripe.pay(stripe.bill(PAID))
    stripe.warn(payment)
    stripe.refund(payment, PAID)
    assert [one["actionable"] for one in of_kind(stripe, "radar.early_fraud_warning.created")] == [
        True
    ]
    assert [one["actionable"] for one in of_kind(stripe, "radar.early_fraud_warning.updated")] == [
        False
    ]


def test_a_claim_counts_where_the_payment_is_known_for_the_invoices(stripe):
    payment = stripe.pay(stripe.bill(PAID))
    stripe.refund(payment, PAID)
    assert stripe.invoices[0].claimed == 0
    payment.placed = True
    assert stripe.invoices[0].claimed == PAID


@pytest.mark.parametrize("seed", range(0, STORIES, 50))
def test_the_events_of_a_story_lead_to_its_books(seed):
    for each in range(seed, seed + 50):
        stripe = a_story(each).stripe
        last = replayed(stripe.told)
        for payment in stripe.payments:
            refunds = [last["refund", refund.id] for refund in payment.refunds]
            standing = {"pending", "requires_action", "succeeded"}
            assert payment.refunded == sum(
                one["amount"] for one in refunds if one["status"] in standing
            )
            disputes = [last["dispute", dispute.id] for dispute in payment.disputes]
            won = {"won", "warning_closed", "prevented"}
            assert payment.disputed == sum(
                one["amount"] for one in disputes if one["status"] not in won
            )
            assert payment.claimed <= payment.amount
        for invoice in stripe.invoices:
            told = last["invoice", invoice.id]
            assert (told["status"] == "paid") is (invoice.paid_at is not None)
            assert sum(payment.amount for payment in invoice.payments) <= invoice.asked


def test_events_have_ids_and_times_of_their_own():
    for seed in range(STORIES):
        told = a_story(seed).stripe.told
        assert len({one.payload["id"] for one in told}) == len(told)
        times = [one.payload["created"] for one in told]
        assert times == sorted(set(times))


def test_what_arrives_tells_of_every_refund_that_failed():
    for seed in range(STORIES):
        story = a_story(seed)
        last = replayed(story.delivered())
        for payment in story.stripe.payments:
            for refund in payment.refunds:
                if not refund.stands:
                    assert last["refund", refund.id]["status"] == refund.status


def test_stories_are_of_many_kinds_and_most_payments_can_be_placed():
    kinds = Counter()
    for seed in range(STORIES):
        story = a_story(seed)
        arrived = {told.type for told in story.delivered()}
        for invoice in story.stripe.invoices:
            kinds["several payments"] += len(invoice.payments) > 1
            kinds["out of band"] += invoice.out_of_band
            kinds["does not count"] += not invoice.qualifies
            for payment in invoice.payments:
                kinds["placed" if payment.placed else "not placed"] += 1
        kinds["weekly"] += len([one for one in story.stripe.invoices if one.qualifies]) > 1
        kinds["refund failed"] += "refund.failed" in arrived
        kinds["older endpoint"] += "charge.refund.updated" in arrived
        kinds["warning lifted"] += "radar.early_fraud_warning.updated" in arrived
    assert min(kinds.values()) >= STORIES / 100
    assert len(kinds) == 9
    assert kinds["placed"] > 4 * kinds["not placed"]
