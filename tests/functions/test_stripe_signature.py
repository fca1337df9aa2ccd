"""POST /webhooks/stripe: only what Stripe signed a moment ago is listened to."""

import time

import pytest

from tests import stripe_payloads
from tests.functions.running import OLDER_SIGNING_SECRET, SIGNING_SECRET, RunningProgramme
from tests.stripe_payloads import SHAPES, Payload, Sale, encoded, signature


@pytest.fixture
def event(programme: RunningProgramme) -> Payload:
    """An event that would reward two users."""
    return stripe_payloads.invoice_paid(programme.referred("user-new"))


@pytest.mark.parametrize(
    "secrets",
    [
        (SIGNING_SECRET,),
        (OLDER_SIGNING_SECRET,),
        ("whsec_unknown", SIGNING_SECRET),
        (OLDER_SIGNING_SECRET, SIGNING_SECRET),
    ],
)
def test_an_event_signed_with_a_secret_in_force_is_taken(programme, event, secrets):
    assert programme.stripe(event, *secrets).good == {"received": True, "handled": True}
    assert programme.status_of("user-new") == "rewarded"


def test_the_signature_is_over_the_bytes_as_sent(programme, event):
    """Not over what a parser would make of them; both ways in which a gateway hands them over."""
    payload = encoded(event).replace(b'"object"', b' "object"  ')
    header = {"stripe-signature": signature(payload, SIGNING_SECRET)}
    assert programme.webhook(payload.decode(), header).good
    assert programme.webhook(payload, header).good
    assert programme.status_of("user-new") == "rewarded"


@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_by_less_than_five_minutes(programme, event, seconds):
    payload = encoded(event)
    header = signature(payload, SIGNING_SECRET, at=time.time() + seconds)
    assert programme.webhook(payload, {"Stripe-Signature": header}).good


def headers_that_do_not_hold(payload):
    good = signature(payload, SIGNING_SECRET)
    stamp, digest, _ = good.split(",")
    now = time.time()
    return {
        "another secret": signature(payload, "whsec_unknown"),
        "other bytes": signature(payload + b" ", SIGNING_SECRET),
        "no secret": signature(payload, ""),
        "stale": signature(payload, SIGNING_SECRET, at=now - 310),
        "years old": signature(payload, SIGNING_SECRET, at=1),
        "future": signature(payload, SIGNING_SECRET, at=now + 310),
        "a time that was not signed": f"t={int(now) - 1},{digest}",
        "two times": f"t={int(now)},{good}",
        "two times, the good one first": f"{good},t={int(now)}",
        "no time": digest,
        "an empty time": f"t=,{digest}",
        "a time in words": f"t=now,{digest}",
        "a negative time": f"t=-{int(now)},{digest}",
        "a time of many digits": f"t={'9' * 400},{digest}",
        "other digits": f"t=\u0661\u0662\u0663,{digest}",
        "no signature": stamp,
        "an empty signature": f"{stamp},v1=",
        "the scheme of tests": f"{stamp},{digest.replace('v1', 'v0')}",
        "a signature cut short": f"{stamp},{digest[:-1]}",
        "non-ASCII": f"{good},v1=\u00e9",
        "non-ASCII alone": "\u00e9",
        "commas": ",,,,",
        "empty": "",
        "long": "t=1," * 5000,
    }


def test_what_is_not_signed_so_is_a_400_that_changes_nothing(programme, event, untouched):
    payload = encoded(event)
    for name, header in headers_that_do_not_hold(payload).items():
        with untouched():
            answer = programme.webhook(payload, {"stripe-signature": header})
        assert answer.status == 400, name
        assert set(answer.data) == {"request_id"}, name
    assert programme.status_of("user-new") == "attributed"


def test_no_signature_at_all_is_a_400(programme, event, untouched):
    with untouched():
        assert programme.webhook(encoded(event), {}).status == 400


def test_an_admin_key_is_no_signature(programme, event, untouched):
    with untouched():
        headers = {"x-api-key": programme.admin_key}
        assert programme.webhook(encoded(event), headers).status == 400


def test_without_a_configured_secret_the_answer_is_5xx_and_stripe_sends_again(
    programme, event, monkeypatch, untouched
):
    from referrals.edge import settings

    monkeypatch.setattr(settings, "_secret", lambda _: '{"signing_secrets": []}')
    with untouched():
        assert programme.stripe(event, "").status == 500


@pytest.mark.parametrize("shape", SHAPES)
def test_an_event_of_100_kb_is_taken(programme, shape):
    sale = programme.referred("user-new")
    sale = Sale(customer=sale.customer, shape=shape)
    event = stripe_payloads.invoice_paid(sale)
    lines = event["data"]["object"]["lines"]
    while len(encoded(event)) < 100_000:
        lines["data"] *= 2
    assert programme.stripe(event).good["handled"]
    assert programme.status_of("user-new") == "rewarded"


def test_an_event_over_a_megabyte_is_a_413(programme, event, untouched):
    event["data"]["object"]["description"] = "x" * 1024 * 1024
    with untouched():
        assert programme.stripe(event).status == 413


@pytest.mark.parametrize(
    "type", ["invoice.payment_failed", "customer.subscription.created", "payout.paid", "x.y"]
)
def test_an_event_of_another_kind_is_a_200_that_changes_nothing(programme, untouched, type):
    sale = programme.referred("user-new")
    with untouched():
        answer = programme.stripe(stripe_payloads.invoice_paid(sale, type))
    assert answer.good == {"received": True, "handled": False}
