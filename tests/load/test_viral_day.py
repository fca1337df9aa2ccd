"""A part of what `make load` proves: rates at which one item a day would have been in the way."""

import pytest

from tests.load.dynamodb import Physics
from tests.load.listening import heard
from tests.load.recovering import recovered
from tests.load.running import point
from tests.load.scenarios import SCENARIOS, SPREAD, VIRAL


@pytest.mark.parametrize(
    ("scenario", "rate"),
    [
        (f"signups, {SPREAD}", 1000),
        (f"signups, {VIRAL}", 400),
        (f"payments, {VIRAL}", 200),
    ],
)
def test_all_that_come_are_served_soon(scenario, rate):
    seen = point(SCENARIOS[scenario], rate, Physics(), requests=200)
    assert seen.busy == seen.failed == 0
    assert seen.p99 <= 250


def test_followed_links_reach_what_clicks_reach():
    clicks, links = (
        point(SCENARIOS[f"{comes}, {VIRAL}"], 5000, Physics(), requests=1000)
        for comes in ("clicks", "links")
    )
    assert (links.busy, links.failed) == (clicks.busy, clicks.failed) == (0, 0)
    assert links.completed >= 0.99 * clicks.completed


def test_grants_that_are_due_are_recovered_beside_payments_and_none_is_put_off():
    seen = recovered(100, Physics(), lasts=1, runs=1)
    assert (seen.granted, seen.put_off) == (200, 0)
    assert seen.seconds <= 1
    assert seen.payments_failed == 0


def test_events_arrive_within_two_seconds_beside_a_receiver_that_hangs():
    seen = heard(500, Physics(), lasts=0.5, hangs=True, warm=True)
    assert seen.missing == 0
    assert seen.p99 <= 2000
