"""What runs by the clock, and the keys that an operator makes: no gateway in between."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from referrals.store import keys
from tests import stripe_payloads
from tests.functions.client import invoke, request
from tests.tables import everything

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
WINDOW = timedelta(days=30)


def expire():
    return invoke("expire_attributions", {})["expired"]


def test_an_attribution_expires_when_its_window_is_over(programme, time_is):
    time_is(NOW)
    programme.signup("user-1")
    time_is(NOW + WINDOW + timedelta(minutes=11))
    assert expire() == 1
    assert programme.status_of("user-1") == "expired"
    assert expire() == 0


def test_clock_skew_expires_nothing_early(programme, time_is, untouched):
    time_is(NOW)
    programme.signup("user-1")
    time_is(NOW + WINDOW + timedelta(minutes=9))
    with untouched():
        assert expire() == 0


def test_only_what_waits_for_a_payment_expires(programme, time_is):
    programme.rewarded("user-paid")
    programme.in_review("user-held")
    time_is(datetime.now(UTC) + 2 * WINDOW)
    assert expire() == 0
    assert programme.status_of("user-paid") == "rewarded"
    assert programme.status_of("user-held") == "review_required"


def test_a_payment_made_in_time_counts_although_the_sweep_came_first(programme, time_is):
    time_is(NOW)
    sale = programme.referred("user-1")
    time_is(NOW + WINDOW + timedelta(days=1))
    assert expire() == 1
    paid_at = int((NOW + timedelta(days=1)).timestamp())
    late = stripe_payloads.Sale(customer=sale.customer, paid_at=paid_at)
    programme.stripe(stripe_payloads.invoice_paid(late))
    assert programme.status_of("user-1") == "rewarded"


def test_a_late_payment_expires_the_attribution(programme, time_is):
    time_is(NOW)
    sale = programme.referred("user-1")
    paid = NOW + WINDOW + timedelta(hours=1)
    time_is(paid)
    late = stripe_payloads.Sale(customer=sale.customer, paid_at=int(paid.timestamp()))
    programme.stripe(stripe_payloads.invoice_paid(late))
    assert programme.status_of("user-1") == "expired"
    assert programme.balance("user-1") == 0


def test_minutes_that_are_over_are_counted_once(programme, time_is, untouched):
    time_is(NOW)
    for _ in range(3):
        programme.click(utm_campaign="spring")
    time_is(NOW + timedelta(hours=2))
    assert invoke("roll_up_clicks", {})["minutes"] >= 1
    with untouched():
        assert invoke("roll_up_clicks", {})["minutes"] == 0
    assert programme.stats(campaign="spring").good["clicks"] == 3


def test_counts_stay_when_the_raw_clicks_are_gone(programme, table, time_is):
    time_is(NOW)
    for _ in range(3):
        programme.click()
    time_is(NOW + timedelta(hours=2))
    invoke("roll_up_clicks", {})
    for item in everything(table):
        if item["pk"].startswith("CLICK#"):
            key = {name: {"S": item[name]} for name in ("pk", "sk")}
            table.client.delete_item(TableName=table.name, Key=key)
    assert programme.stats().good["clicks"] == 3


def test_the_open_minute_is_left_alone(programme, time_is, untouched):
    time_is(NOW)
    programme.click()
    programme.click()
    time_is(NOW + timedelta(seconds=30))
    invoke("roll_up_clicks", {})
    time_is(NOW + timedelta(seconds=59))
    with untouched():
        assert invoke("roll_up_clicks", {})["minutes"] == 0


def test_a_new_key_works_at_once_and_is_stored_as_its_hash_alone(programme, table):
    made = invoke("create_api_key", {"user_id": "user-ops", "role": "admin"})
    assert made["api_key"].startswith("rfk_")
    assert request("list_referrals", "GET", "/admin/referrals", key=made["api_key"]).good
    stored = [item for item in everything(table) if item.get("id") == made["id"]]
    assert stored
    assert made["api_key"] not in str(everything(table))


def test_every_key_is_another(programme):
    made = {invoke("create_api_key", {"user_id": "user-ops"})["api_key"] for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"user_id": ""},
        {"user_id": "two words"},
        {"user_id": "u" * 129},
        {"user_id": 5},
        {"user_id": "user-ops", "role": "root"},
        {"user_id": "user-ops", "role": ""},
        {"user_id": "user-ops", "role": "admin\n"},
    ],
)
def test_no_key_is_made_of_a_wrong_request(programme, untouched, payload):
    with untouched(), pytest.raises(ValidationError):
        invoke("create_api_key", payload)


def test_a_schedule_that_cannot_do_its_work_fails(programme, table):
    """So that it is tried again and ends in the dead-letter queue."""
    table.client.put_item(
        TableName=table.name,
        Item={
            **{name: {"S": value} for name, value in keys.ROLLED_UP._asdict().items()},
            "until": {"S": "not a time"},
        },
    )
    with pytest.raises(ValueError, match="RFC 3339"):
        invoke("roll_up_clicks", {})
