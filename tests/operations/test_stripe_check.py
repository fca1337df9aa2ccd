"""What `make stripe-check` prints, and when it fails."""

import json
import subprocess

import pytest

from local import stripe_check

SEEN = {"invoice.paid": {"last_seen": "2026-11-20", "api_version": "2025-03-31.basil"}}
URL = "https://api.example.com/api/v1/webhooks/stripe"
NOTHING = {"seen": {}, "not_seen": [], "missing": []}
MISSING = "missing, none in 30 days although invoices came:"
UNSENT = "missing, no endpoint is subscribed to it:"


def shown(capsys, **told):
    status = stripe_check.show(NOTHING | told)
    return status, capsys.readouterr().out.splitlines()


def test_where_nothing_came_nothing_is_missing(capsys):
    assert shown(capsys) == (0, ["no event has come yet", "nothing is missing"])


def test_what_did_not_come_fails_the_command(capsys):
    lacks = ["charge.refunded", "refund.failed"]
    assert shown(capsys, seen=SEEN, not_seen=lacks, missing=lacks) == (
        1,
        [
            "2026-11-20  invoice.paid  (2025-03-31.basil)",
            f"{MISSING} charge.refunded, refund.failed",
        ],
    )


def test_a_version_that_no_event_told_is_said(capsys):
    unversioned = {"invoice.paid": {"last_seen": "2026-11-20", "api_version": ""}}
    _, lines = shown(capsys, seen=unversioned)
    assert lines[0] == "2026-11-20  invoice.paid  (no API version)"


def test_what_merely_did_not_happen_is_shown_and_does_not_fail_the_command(capsys):
    subscribed = [{"url": URL, "missing": []}]
    assert shown(capsys, seen=SEEN, not_seen=["refund.failed"], endpoints=subscribed) == (
        0,
        [
            "2026-11-20  invoice.paid  (2025-03-31.basil)",
            f"{URL} is not subscribed to: nothing",
            "none in 30 days although invoices came: refund.failed",
            "nothing is missing",
        ],
    )


def test_what_no_endpoint_sends_fails_the_command(capsys):
    lacking = [{"url": URL, "missing": ["refund.failed"]}]
    status, lines = shown(capsys, endpoints=lacking, missing=["refund.failed"])
    assert status == 1
    assert f"{URL} is not subscribed to: refund.failed" in lines
    assert lines[-1] == f"{UNSENT} refund.failed"


def test_that_there_is_no_endpoint_is_said(capsys):
    status, lines = shown(capsys, endpoints=[], missing=["invoice.paid"])
    assert status == 1
    assert "Stripe has no enabled endpoint that ends in /webhooks/stripe" in lines


@pytest.fixture
def of_stage(monkeypatch):
    """Run the command for a stage whose SAM prints this."""

    def run(out, err="", status=0):
        finished = subprocess.CompletedProcess([], status, out, err)
        monkeypatch.setattr(stripe_check.subprocess, "run", lambda *_, **__: finished)
        monkeypatch.setattr(stripe_check.sys, "argv", ["stripe_check", "prod"])
        return stripe_check.main()

    return run


def test_the_answer_is_the_last_line_whatever_was_printed_before(of_stage, capsys):
    assert of_stage(f"a line that is not JSON\n{json.dumps(NOTHING)}\n") == 0
    assert "no event has come yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("out", "told"),
    [
        (json.dumps({"errorMessage": "Stripe refuses the API key"}), "Stripe refuses the API key"),
        ("\n", "it gave no answer"),
    ],
)
def test_a_function_that_fails_is_told_in_one_line(of_stage, capsys, out, told):
    """SAM itself exits with 0 then."""
    assert of_stage(out) == 1
    assert capsys.readouterr().err == f"make stripe-check: CheckStripeFunction failed: {told}\n"


def test_a_stage_that_is_not_there_is_told_in_one_line(of_stage, capsys):
    assert of_stage("", "Error: the stack\n does not exist\n", 1) == 1
    assert capsys.readouterr().err == "make stripe-check: Error: the stack does not exist\n"
