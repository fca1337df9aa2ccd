"""GET /admin/campaigns: which campaigns brought the most signups, each as stats tells it."""

from datetime import UTC, datetime, timedelta

import pytest

from referrals.views import campaigns
from tests.functions.client import invoke
from tests.tables import scanned

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
SPANS = {
    "since the beginning": {},
    "of broken minutes": {"from": "2026-11-18T05:26:20Z", "to": "2026-11-20T08:56:30.500Z"},
    "of a day": {"from": "2026-11-19T00:00:00Z", "to": "2026-11-20T00:00:00Z"},
    "within a minute": {"from": "2026-11-20T08:56:01.001Z", "to": "2026-11-20T08:56:30Z"},
    "of nothing": {"from": "2026-11-20T10:00:00Z", "to": "2026-11-20T10:00:00Z"},
}


@pytest.fixture
def days(programme, time_is):
    """Two and a half days of four campaigns and none, some of it counted and folded."""
    at = NOW - timedelta(days=2, hours=10)
    for number in range(40):
        time_is(at)
        names = ("autumn", "spring", "spring", "a#2026-11-20#07", None)
        campaign = names[number % 5]
        click = programme.click(**{"utm_campaign": campaign} if campaign else {}).good["click_id"]
        if number % 3:
            programme.rewarded(f"user-{number}", click_id=click)
        elif number % 2:
            programme.in_review(f"user-{number}", click_id=click)
        if number % 4 == 0:
            invoke("roll_up_clicks", {})
        at += timedelta(hours=1, minutes=28, seconds=17)
    time_is(NOW)
    programme.click(utm_campaign="nobody signed up")
    return programme


@pytest.mark.parametrize("span", SPANS)
def test_each_campaign_is_told_as_stats_tells_it(days, span):
    bounds = SPANS[span]
    told = {one.pop("campaign"): one for one in days.campaigns(**bounds).good["items"]}
    for name in ("autumn", "spring", "a#2026-11-20#07", "nobody signed up"):
        since = {"start": bounds["from"], "end": bounds["to"]} if bounds else {}
        expected = days.stats(**since, campaign=name).good
        assert told.pop(name, None) == (expected if expected["attributed_signups"] else None)
    assert told == {}


def test_the_most_signups_come_first(days):
    answer = days.campaigns().good
    signups = [(one["campaign"], one["attributed_signups"]) for one in answer["items"]]
    assert signups == [("spring", 13), ("a#2026-11-20#07", 7), ("autumn", 6)]
    assert answer["complete"]
    whole = days.stats().good["attributed_signups"]
    assert whole - sum(number for _, number in signups) == 7


def test_of_equals_those_that_qualified_more_come_first_and_then_the_alphabet_decides(programme):
    for user, campaign in (("one", "zulu"), ("two", "beta"), ("three", "alpha")):
        click = programme.click(utm_campaign=campaign).good["click_id"]
        pay = programme.rewarded if campaign == "zulu" else programme.signup
        pay(user, click_id=click)
    told = [one["campaign"] for one in programme.campaigns().good["items"]]
    assert told == ["zulu", "alpha", "beta"]


def test_a_limit_leaves_the_last_out_and_says_so(days):
    answer = days.campaigns(limit="2").good
    assert [one["campaign"] for one in answer["items"]] == ["spring", "a#2026-11-20#07"]
    assert not answer["complete"]
    assert days.campaigns(limit="3").good["complete"]


def test_what_is_folded_and_what_is_not_is_counted_alike(days):
    before = days.campaigns().good
    invoke("roll_up_clicks", {})
    days.table.write(days.table.delete("mark", campaigns.keys.FOLDED))
    invoke("roll_up_clicks", {})
    assert not [one for one in _everything(days) if one["pk"].startswith("COUNTS#")]
    assert days.campaigns().good == before


def _everything(programme):
    return list(scanned(programme.table))


def test_an_empty_programme_has_no_campaigns(programme):
    assert programme.campaigns().good == {"items": [], "complete": True}


def test_more_campaigns_than_a_call_reads_are_a_400_that_says_what_helps(days, monkeypatch):
    monkeypatch.setattr(campaigns, "MOST_CAMPAIGNS", 2)
    answer = days.campaigns()
    assert answer.status == 400
    assert "shorter" in answer.body["data"]["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-11-20T00:00:00Z", "to": "2026-11-19T00:00:00Z"}, "from"),
    ],
)
def test_a_bad_limit_or_bound_is_a_400(programme, query, field):
    assert programme.campaigns(**query).fields == [field]


def test_a_call_costs_a_credit(programme):
    assert programme.campaigns(limit="100000").headers["X-Credits-Charged"] == "1"
