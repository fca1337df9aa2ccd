"""With an API key, what Stripe's webhook endpoints are subscribed to is compared with the need."""

import traceback

import pytest

from referrals.rules.errors import StripeUnavailable
from tests import stripe_payloads
from tests.functions.client import invoke
from tests.functions.conftest import API_KEY
from tests.functions.fake_stripe import PAGE
from tests.stripe_payloads import BASIL, OLD

URL = "https://api.example.com/api/v1/webhooks/stripe"
NEW = "2025-06-30.basil"
_COMMON = ["charge.succeeded", "charge.refunded"]
_DISPUTES = ["charge.dispute.created", "charge.dispute.closed"]
_REFUNDS = ["refund.created", "refund.updated", "refund.failed"]
NEEDED = {
    OLD: ["invoice.paid", *_COMMON, "charge.refund.updated", *_DISPUTES],
    BASIL: ["invoice.paid", *_COMMON, *_REFUNDS, *_DISPUTES],
    NEW: ["invoice.paid", "invoice_payment.paid", *_COMMON, *_REFUNDS, *_DISPUTES],
}


@pytest.fixture
def endpoints(stripe_answers):
    """Set what Stripe's list of webhook endpoints has."""

    def have(*found):
        data = [one | {"id": f"we_{number}"} for number, one in enumerate(found)]
        whole = {"object": "list", "data": data, "url": "/v1/webhook_endpoints"}
        stripe_answers.answers["/v1/webhook_endpoints"] = whole

    have()
    return have


def endpoint(version, *events, url=URL, status="enabled"):
    return {
        "object": "webhook_endpoint",
        "url": url,
        "status": status,
        "enabled_events": list(events),
        "api_version": version,
    }


def without(version, *kinds):
    return endpoint(version, *(kind for kind in NEEDED[version] if kind not in kinds))


def check():
    return invoke("check_stripe", {})


@pytest.mark.parametrize("version", [OLD, BASIL, NEW])
def test_an_endpoint_that_sends_all_that_its_version_needs_lacks_nothing(endpoints, version):
    endpoints(without(version))
    told = check()
    assert told["endpoints"] == [{"url": URL, "missing": []}]
    assert told["missing"] == []


@pytest.mark.parametrize("version", [OLD, BASIL, NEW])
def test_each_needed_kind_that_an_endpoint_lacks_is_missing(endpoints, version):
    for kind in NEEDED[version]:
        endpoints(without(version, kind))
        told = check()
        assert told["missing"] == [kind]
        assert told["endpoints"] == [{"url": URL, "missing": [kind]}]


def test_a_kind_that_is_as_good_as_another_is_not_missing(endpoints):
    events = without(NEW, "invoice.paid", "refund.updated")["enabled_events"]
    endpoints(endpoint(NEW, *events, "invoice.payment_succeeded", "charge.refund.updated"))
    assert check()["missing"] == []


def test_all_events_are_enough_in_every_version(endpoints):
    for version in (OLD, BASIL, NEW, None):
        endpoints(endpoint(version, "*"))
        assert check()["missing"] == check()["endpoints"][0]["missing"] == []


@pytest.mark.parametrize(
    "other",
    [
        endpoint(NEW, "*", status="disabled"),
        endpoint(NEW, "*", url="https://api.example.com/api/v1/webhooks/other"),
    ],
    ids=["disabled", "at another address"],
)
def test_an_endpoint_that_sends_nothing_here_is_none(endpoints, other):
    endpoints(other)
    told = check()
    assert told["endpoints"] == []
    assert told["missing"] == NEEDED[NEW]


def test_without_an_endpoint_everything_is_missing(endpoints):
    assert check() == {"seen": {}, "not_seen": [], "endpoints": [], "missing": NEEDED[NEW]}


def test_what_one_of_several_endpoints_sends_is_not_missing(endpoints):
    endpoints(
        without(NEW, "charge.refunded", "refund.failed"),
        endpoint(NEW, "charge.refunded"),
        endpoint(NEW, "*", status="disabled"),
    )
    told = check()
    assert told["missing"] == ["refund.failed"]
    assert [one["missing"] for one in told["endpoints"]] == [
        ["charge.refunded", "refund.failed"],
        [kind for kind in NEEDED[NEW] if kind != "charge.refunded"],
    ]


def test_endpoints_of_two_versions_do_not_hide_what_each_of_them_lacks(endpoints):
    endpoints(without(OLD, "charge.refund.updated"), without(BASIL, "refund.failed"))
    assert check()["missing"] != []


def test_an_endpoint_of_another_version_takes_nothing_from_one_that_is_complete(endpoints):
    endpoints(without(OLD), endpoint(NEW, "invoice.paid"))
    assert check()["missing"] == []


def test_an_endpoint_without_a_version_needs_what_the_version_of_its_events_does(
    programme, endpoints
):
    endpoints(endpoint(None, *NEEDED[OLD]))
    assert check()["missing"] == ["invoice_payment.paid", "refund.created", "refund.failed"]
    programme.stripe(
        stripe_payloads.invoice_paid(programme.referred("user-1")) | {"api_version": OLD}
    )
    assert check()["missing"] == []


def test_what_merely_did_not_happen_is_not_missing(programme, endpoints):
    endpoints(without(BASIL))
    programme.stripe(stripe_payloads.invoice_paid(programme.referred("user-1")))
    told = check()
    assert "charge.dispute.closed" in told["not_seen"]
    assert told["missing"] == []


def test_an_endpoint_on_a_later_page_is_found(endpoints, stripe_answers):
    other = endpoint(NEW, "*", url="https://example.com/other")
    endpoints(*[other] * (2 * PAGE), without(NEW))
    assert check()["missing"] == []
    assert len(stripe_answers.asked) == 3


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "Stripe does not list its webhook endpoints"),
        (401, "Stripe refuses the API key"),
        (403, "Stripe refuses the API key"),
        (429, "Stripe failed or timed out"),
        (500, "Stripe failed or timed out"),
    ],
)
def test_stripe_failing_is_told_and_nothing_is_called_missing(
    endpoints, stripe_answers, logs, status, told
):
    stripe_answers.status = status
    with pytest.raises(StripeUnavailable) as failed:
        check()
    assert str(failed.value) == told
    shown = "".join(traceback.format_exception(failed.value)) + logs()
    assert API_KEY not in shown
