"""With an API key, Stripe is asked for what an event leaves out; a failure there is a 502."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from referrals.edge import settings, stripe_api
from tests.functions.conftest import HASHING_SECRET
from tests.functions.running import SIGNING_SECRET
from tests.iam import guard
from tests.stripe_payloads import charge_refunded, charge_succeeded, dispute_created, invoice_paid
from tests.tables import everything


class FakeStripe:
    """Stripe's API as far as it is asked: answers by path, or a status for all."""

    def __init__(self) -> None:
        self.answers: dict[str, dict] = {}
        self.status = 200
        self.asked: list[str] = []


@pytest.fixture
def stripe_answers(monkeypatch) -> Iterator[FakeStripe]:
    fake = FakeStripe()

    class Api(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            fake.asked.append(self.path)
            found = fake.answers.get(path)
            status = fake.status if fake.status != 200 else 200 if found else 404
            body = json.dumps(found or {"error": {"type": "invalid_request_error"}}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    client = stripe.StripeClient(
        "sk_test_1", base_addresses={"api": address}, max_network_retries=0
    )
    monkeypatch.setattr(stripe_api, "_client", lambda api_key: client)
    secrets = {
        "HashingSecret": HASHING_SECRET,
        "StripeSecret": json.dumps({"signing_secrets": [SIGNING_SECRET], "api_key": "sk_test_1"}),
    }
    monkeypatch.setattr(settings, "_secret", guard.secrets(secrets))
    yield fake
    server.shutdown()
    server.server_close()


def test_a_dispute_of_a_charge_never_heard_of_finds_its_customer_by_asking(
    programme, stripe_answers
):
    sale = programme.referred("user-1")
    assert programme.stripe(invoice_paid(sale, payments=None)).good
    stripe_answers.answers[f"/v1/charges/{sale.charge}"] = charge_succeeded(sale)["data"]["object"]

    assert programme.stripe(dispute_created(sale)).good

    referral = programme.referral_of("user-1")["attribution"]
    assert (referral["status"], referral["skip_reason"]) == ("rejected", "disputed")
    assert programme.balance("user-1") == 0


def test_a_refund_finds_its_invoice_by_asking_where_amounts_do_not_tell(programme, stripe_answers):
    sale = programme.referred("user-1")
    assert programme.stripe(invoice_paid(sale, payments=None)).good
    payment = {"id": "inpay_1", "object": "invoice_payment", "invoice": sale.invoice}
    stripe_answers.answers["/v1/invoice_payments"] = {
        "object": "list",
        "data": [payment],
        "has_more": False,
        "url": "/v1/invoice_payments",
    }
    # Paid in two parts: the charge is smaller than the invoice.
    refund = charge_refunded(sale)
    refund["data"]["object"] |= {"amount": 2450, "amount_refunded": 2450}

    assert programme.stripe(refund).good

    assert programme.referral_of("user-1")["attribution"]["status"] == "rewarded"
    assert programme.balance("user-1") == 5_000


def test_ordinary_events_ask_nothing(programme, stripe_answers):
    sale = programme.referred("user-1")

    assert programme.stripe(charge_succeeded(sale)).good
    assert programme.stripe(invoice_paid(sale, payments=None)).good

    assert stripe_answers.asked == []


@pytest.mark.parametrize("status", [401, 429, 500])
def test_stripe_failing_is_a_502_that_leaves_nothing_behind(programme, stripe_answers, status):
    sale = programme.referred("user-1")
    assert programme.stripe(invoice_paid(sale, payments=None)).good
    before = everything(programme.table)
    stripe_answers.status = status

    answer = programme.stripe(dispute_created(sale))

    assert answer.status == 502
    assert answer.body["msg"] == "Stripe failed or timed out"
    assert everything(programme.table) == before


def test_a_charge_that_stripe_does_not_know_is_no_failure(programme, stripe_answers):
    sale = programme.referred("user-1")

    assert programme.stripe(dispute_created(sale)).good["handled"] is True
