"""GET /admin/health: what ran, what waits, what Stripe last sent, and the settings in force."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from referrals.edge import service
from referrals.store import event_kinds, keys
from tests import stripe_payloads
from tests.functions.client import invoke
from tests.stripe_payloads import Sale

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
SCHEDULES = (
    *("recover_grants", "roll_up_clicks", "expire_attributions", "reconcile"),
    "check_deliveries",
)


def told(programme, schedule):
    (one,) = (run for run in programme.health().good["schedules"] if run["name"] == schedule)
    return one


def test_a_service_that_has_done_nothing_says_so(programme):
    health = programme.health().good
    assert health.pop("settings")["monthly_referrer_reward_cap"] == 10
    assert health == {
        "schedules": [{"name": name} for name in SCHEDULES],
        "pending_grants": {},
        "stripe": {"kinds": [], "signature_failures": []},
    }


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_run_leaves_when_it_was_and_its_numbers(programme, time_is, schedule):
    time_is(NOW)
    figures = invoke(schedule, {})
    run = told(programme, schedule)
    assert run["last_done_at"] == "2026-11-20T12:30:00.000Z"
    numbers = {name: one for name, one in figures.items() if isinstance(one, int)}
    assert run["figures"] == numbers
    assert "last_failed_at" not in run
    time_is(NOW + timedelta(hours=1))
    invoke(schedule, {})
    assert told(programme, schedule)["last_done_at"] == "2026-11-20T13:30:00.000Z"


def test_a_run_that_failed_leaves_when_and_the_kind_of_error_but_not_its_words(
    programme, time_is, monkeypatch
):
    time_is(NOW)
    invoke("expire_attributions", {})
    time_is(NOW + timedelta(days=1))

    def fail(*, derives_ids=False):
        raise KeyError("sam@example.com")

    with monkeypatch.context() as patch:
        patch.setattr(service, "hashing_secret", fail)
        with pytest.raises(KeyError):
            invoke("expire_attributions", {})
    assert told(programme, "expire_attributions") == {
        "name": "expire_attributions",
        "last_done_at": "2026-11-20T12:30:00.000Z",
        "figures": {"expired": 0},
        "last_failed_at": "2026-11-21T12:30:00.000Z",
        "error": "KeyError",
    }
    assert "sam@example.com" not in json.dumps(programme.health().good)


def test_a_run_that_cannot_be_noted_is_done_all_the_same(programme, monkeypatch):
    monkeypatch.setattr("referrals.store.runs.done", lambda *given: 1 / 0)
    assert invoke("expire_attributions", {}) == {"expired": 0}
    assert told(programme, "expire_attributions") == {"name": "expire_attributions"}


def test_the_last_reconciliation_tells_its_differences(programme, time_is):
    time_is(NOW)
    programme.rewarded("user-1")
    key = keys.credits("user-1")
    programme.table.write(programme.table.update("balance", key, "SET balance = :n", {":n": 1}))
    found = invoke("reconcile", {})
    reconcile = programme.health().good["reconcile"]
    assert reconcile["finished_at"] == "2026-11-20T12:30:00.000Z"
    assert reconcile["done"]
    assert reconcile["difference_count"] == 1
    assert reconcile["differences"] == found["differences"]
    assert "user-1" in reconcile["differences"][0]


def test_the_run_that_finds_nothing_left_to_go_on_with_is_not_the_last_reconciliation(
    programme, time_is
):
    time_is(NOW)
    invoke("reconcile", {})
    time_is(NOW + timedelta(minutes=15))
    invoke("reconcile", {"left": True})
    health = programme.health().good
    assert health["reconcile"]["finished_at"] == "2026-11-20T12:30:00.000Z"
    assert health["reconcile"]["items"] > 0


def test_the_reward_that_is_tried_next_is_told(programme, time_is):
    time_is(NOW)
    first = programme.owed("user-1")["attribution"]["id"]
    time_is(NOW + timedelta(minutes=1))
    programme.owed("user-2")
    oldest = programme.health().good["pending_grants"]["oldest"]
    assert oldest["attribution_id"] == first
    assert oldest["next_attempt_at"] > "2026-11-20T12:30:00.000Z"


def test_the_last_event_is_told_to_the_minute_and_written_once_in_it(programme, time_is):
    sale = Sale(customer="cus_1")
    for seconds in (0, 30, 59):
        time_is(NOW + timedelta(seconds=seconds))
        programme.stripe(stripe_payloads.invoice_paid(sale))
        assert programme.health().good["stripe"]["last_event_at"] == "2026-11-20T12:30:00.000Z"
    time_is(NOW + timedelta(seconds=60))
    programme.stripe(stripe_payloads.invoice_paid(sale))
    stripe = programme.health().good["stripe"]
    assert stripe["last_event_at"] == "2026-11-20T12:31:00.000Z"
    (kind,) = stripe["kinds"]
    assert (kind["kind"], kind["last_seen"]) == ("invoice.paid", "2026-11-20")


def test_bad_signatures_are_counted_once_a_minute_by_each_process(programme, time_is):
    bad = {"stripe-signature": "t=1,v1=00"}
    for seconds in (0, 1, 2, 61, 62):
        time_is(NOW + timedelta(seconds=seconds))
        assert programme.webhook("{}", bad).status == 400
    failures = [{"day": "2026-11-20", "at_least": 2, "last_at": "2026-11-20T12:31:01.000Z"}]
    assert programme.health().good["stripe"]["signature_failures"] == failures
    time_is(NOW + timedelta(days=1))
    assert programme.webhook("{}", bad).status == 400
    days = [one["day"] for one in programme.health().good["stripe"]["signature_failures"]]
    assert days == ["2026-11-21", "2026-11-20"]
    (item,) = programme.table.query(keys.EVENT_KINDS, prefix="UNSIGNED#2026-11-21")
    assert item["expires_epoch"] == (NOW + timedelta(days=9)).timestamp()


def test_a_bad_signature_that_cannot_be_noted_is_a_400_all_the_same(programme, monkeypatch):
    monkeypatch.setattr(event_kinds, "note_unsigned", lambda *given: 1 / 0)
    assert programme.webhook("{}", {"stripe-signature": "t=1,v1=00"}).status == 400


def test_no_secret_is_told(programme):
    told = json.dumps(programme.health().good)
    assert "whsec" not in told
    assert "secret" not in told


def test_a_call_costs_a_credit(programme):
    assert programme.health().headers["X-Credits-Charged"] == "1"
