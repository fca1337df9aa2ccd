"""The service's health in a real browser: what ran, what waits, what Stripe sent, what is set."""

from datetime import timedelta

from playwright.sync_api import expect

from referrals.edge import clock
from tests.functions.client import invoke
from tests.samples import NOW


def test_where_nothing_ran_it_says_so(quiet):
    quiet.open("health")
    quiet.said("None has finished yet.")
    quiet.said("No event has come yet.")
    schedules = quiet.page.get_by_role("region", name="Schedules").get_by_role("row")
    told = quiet.service.admin("get_health", "GET", "/admin/health").good
    expect(schedules).to_have_count(1 + len(told["schedules"]))
    expect(schedules.filter(has_text="never")).to_have_count(len(told["schedules"]))
    quiet.said("attribution window days")


def test_it_tells_what_ran_what_is_owed_and_what_differs(quiet):
    quiet.service.owed("user-owed")
    owed = quiet.service.referral_of("user-owed")["attribution"]["id"]
    invoke("recover_grants", {})
    invoke("reconcile", {})
    told = quiet.service.admin("get_health", "GET", "/admin/health").good
    quiet.open("health")
    quiet.page.get_by_role("link", name=owed).wait_for()
    recovered = quiet.page.get_by_role("row").filter(has_text="recover grants")
    # The first try has failed a moment ago: it is not due.
    expect(recovered).to_contain_text("attempted: 0, recovered: 0")
    many = told["reconcile"]["difference_count"]
    quiet.said(f"{many} differ" if many else "Nothing differs")
    quiet.said("invoice.paid")


def test_top_referrers_are_those_that_the_service_ranks(quiet, monkeypatch):
    quiet.service.rewarded("user-one")
    quiet.service.rewarded("user-two")
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))
    invoke("roll_up_clicks", {})
    told = quiet.service.admin("rank_referrers", "GET", "/admin/referrers").good["items"]
    quiet.open("overview")
    rows = quiet.page.get_by_role("region", name="Top referrers").get_by_role("row")
    expect(rows).to_have_count(1 + len(told))
    expect(rows.nth(1)).to_contain_text(told[0]["user_id"])
    assert rows.nth(1).get_by_role("cell").first.inner_text() == "2"
