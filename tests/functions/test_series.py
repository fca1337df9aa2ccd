"""GET /admin/referrals/series: the funnel step by step, which adds up to the whole."""

from datetime import UTC, datetime, timedelta

import pytest

from referrals.rules.funnel import rate
from tests.functions.client import invoke

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
BOUNDS = {"from": "2026-11-18T06:00:00Z", "to": "2026-11-20T12:15:00.500Z"}
COUNTS = (
    *("clicks", "attributed_signups", "qualified_referrals", "review_required"),
    *("rewarded_referrals", "capped_referrals", "rejected_referrals"),
)


@pytest.fixture
def days(programme, time_is):
    """Two and a half days: counted, summed and folded now and then."""
    at = NOW - timedelta(days=2, hours=10)
    for number in range(30):
        time_is(at)
        campaign = {"utm_campaign": "spring"} if number % 2 else {}
        click = programme.click(**campaign).good["click_id"]
        if number % 3 == 0:
            programme.rewarded(f"user-{number}", click_id=click)
        if number % 5 == 0:
            programme.in_review(f"user-held-{number}", click_id=click)
        if number % 4 == 0:
            invoke("roll_up_clicks", {})
        at += timedelta(hours=2, seconds=17)
    time_is(NOW)
    return programme


@pytest.mark.parametrize("campaign", [{}, {"campaign": "spring"}])
@pytest.mark.parametrize("grain", ["day", "hour"])
def test_the_steps_add_up_to_the_stats_of_the_whole(days, grain, campaign):
    items = days.series(grain=grain, **BOUNDS, **campaign).good["items"]
    whole = days.stats(BOUNDS["from"], BOUNDS["to"], **campaign).good
    assert {name: sum(one[name] for one in items) for name in COUNTS} == {
        name: whole[name] for name in COUNTS
    }
    assert whole["clicks"] > 5
    assert whole["rewarded_referrals"] > 2


@pytest.mark.parametrize("grain", ["day", "hour"])
def test_each_step_is_what_stats_says_of_it(days, grain):
    for one in days.series(grain=grain, **BOUNDS).good["items"]:
        bounds = one.pop("start"), one.pop("end")
        assert one == days.stats(*bounds).good
        assert one["signup_rate"] == rate(one["attributed_signups"], one["clicks"])


def test_steps_begin_at_midnight_or_the_full_hour_and_the_ends_are_cut(programme, time_is):
    time_is(NOW)
    by_day, by_hour = (
        [(one["start"][5:23], one["end"][5:23]) for one in told.good["items"]]
        for told in (
            programme.series(**BOUNDS),
            programme.series(
                grain="hour", **{"from": "2026-11-20T10:30:00Z", "to": "2026-11-20T12:00:00Z"}
            ),
        )
    )
    assert by_day == [
        ("11-18T06:00:00.000", "11-19T00:00:00.000"),
        ("11-19T00:00:00.000", "11-20T00:00:00.000"),
        ("11-20T00:00:00.000", "11-20T12:15:00.500"),
    ]
    assert by_hour == [
        ("11-20T10:30:00.000", "11-20T11:00:00.000"),
        ("11-20T11:00:00.000", "11-20T12:00:00.000"),
    ]


@pytest.mark.parametrize(
    ("grain", "first", "end"),
    [
        ("day", "2026-10-22T00:00:00.000Z", "2026-11-21T00:00:00.000Z"),
        ("hour", "2026-11-19T07:00:00.000Z", "2026-11-20T13:00:00.000Z"),
    ],
)
def test_without_bounds_there_are_thirty_and_the_last_is_now(programme, time_is, grain, first, end):
    time_is(NOW)
    programme.click()
    items = programme.series(grain=grain).good["items"]
    assert (len(items), items[0]["start"], items[-1]["end"]) == (30, first, end)
    assert [one["clicks"] for one in items] == [0] * 29 + [1]


def test_no_step_is_all_in_a_time_to_come(programme, time_is):
    time_is(NOW)
    items = programme.series(to="2036-01-01T00:00:00Z").good["items"]
    assert items[-1]["end"] == "2026-11-21T00:00:00.000Z"
    later = {"from": "2030-01-01T00:00:00Z", "to": "2031-01-01T00:00:00Z"}
    assert programme.series(**later).good["items"] == []


@pytest.mark.parametrize(
    "bounds",
    [
        {"from": "0001-01-01T00:00:00Z", "to": "0001-01-01T00:00:00Z"},
        {"to": "0001-01-01T00:00:00Z"},
        {"from": "1969-01-01T00:00:00Z", "to": "1969-12-31T00:00:00Z"},
        {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T12:00:00Z"},
    ],
)
def test_a_span_in_which_nothing_can_be_counts_nothing(programme, bounds):
    assert not any(one["clicks"] for one in programme.series(**bounds).good["items"])


@pytest.mark.parametrize(
    ("grain", "longest", "too_long"),
    [
        ("day", "2025-11-20T23:59:59Z", "2025-11-19T23:59:59Z"),
        ("hour", "2026-10-20T13:59:59Z", "2026-10-20T12:59:59Z"),
    ],
)
def test_more_steps_than_are_told_at_once_are_a_400(programme, time_is, grain, longest, too_long):
    time_is(NOW)
    most = {"day": 366, "hour": 744}[grain]
    assert len(programme.series(grain=grain, **{"from": longest}).good["items"]) == most
    refused = programme.series(grain=grain, **{"from": too_long})
    assert (refused.status, refused.fields) == (400, ["from"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"grain": "week"}, "grain"),
        ({"grain": ""}, "grain"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-11-20"}, "to"),
        ({"from": "2026-11-21T00:00:00Z", "to": "2026-11-20T00:00:00Z"}, "from"),
    ],
)
def test_what_is_no_grain_or_no_time_is_a_400(programme, query, field):
    refused = programme.series(**query)
    assert (refused.status, refused.fields) == (400, [field])
