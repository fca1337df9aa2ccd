"""The funnel's figures: exact for any bounds, whatever was counted ahead and by whom."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock, patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referrals.acts.fold import fold, fold_hourly
from referrals.acts.roll_up import roll_up
from referrals.dynamodb.parts import Busy
from referrals.rules.clicks import OTHER_CAMPAIGNS
from referrals.rules.errors import StateConflict
from referrals.rules.funnel import Cohort, total
from referrals.rules.ids import attribution_id
from referrals.rules.times import parse_timestamp
from referrals.store import click_counts, codes, keys
from referrals.views.funnel import Span, count, count_each
from referrals.views.series import Grain, steps
from tests.samples import NOW, PAID, SECRET, charge
from tests.store.scene import KEPT, Scene
from tests.tables import direct_table, everything

_DAYS = 2 * 24 * 60 * 60 * 1000
_ACTS = [
    "click",
    "click",
    "signup",
    "signup",
    "pay",
    "refund",
    "approve",
    "reject",
    "roll up",
    "fold",
]
_CAMPAIGNS = [None, "spring", "autumn"]
_MOMENTS = st.one_of(
    st.integers(0, _DAYS),
    # The edges of hours and days, where mistakes live.
    st.builds(lambda hour, off: hour * 3_600_000 + off, st.integers(0, 48), st.integers(-1, 1)),
)
# The very moment of an event (by its number), or the one beside it.
_BOUNDS = st.one_of(_MOMENTS, st.tuples(st.integers(0, 39), st.integers(-1, 1)))
_EVENTS = st.tuples(_MOMENTS, st.sampled_from(_ACTS), st.sampled_from(_CAMPAIGNS), st.booleans())


def _at(milliseconds):
    return NOW + timedelta(milliseconds=milliseconds)


def _milliseconds(bound, events):
    if isinstance(bound, int):
        return bound
    number, beside = bound
    return events[number % len(events)][0] + beside


def _happen(scene, number, event, users):
    milliseconds, act, campaign, choice = event
    at = _at(milliseconds)
    user = users[number % len(users)] if users else None
    if act == "roll up":
        roll_up(scene.table, at)
    elif act == "fold":
        fold(scene.table)
    elif act == "click":
        scene.click(at=at, utm_campaign=campaign)
    elif act == "signup":
        click = scene.click(at=at, utm_campaign=campaign)
        flags = ("disposable_email",) if choice else ()
        users.append(f"new{number}")
        scene.sign_up(users[-1], at=at, click_id=click.click_id, flags=flags)
    elif user and act == "pay":
        scene.pay(user, at=at, charge_id=f"ch_{user}")
    elif user and act == "refund":
        scene.tell(charge(charge_id=f"ch_{user}", customer_id=f"cus_{user}", refunded=PAID), at=at)
    elif user:
        try:
            getattr(scene, act)(user, at)
        except StateConflict:
            return


def _recounted(scene, start, end, campaign):
    """The same figures from nothing but the items that are counted."""
    items = everything(scene.table)

    def inside(item, name):
        wanted = campaign is None or item.get("utm_campaign") == campaign
        return wanted and start <= parse_timestamp(item[name]) < end

    clicks = [i for i in items if i["pk"].startswith("CLICK#") and inside(i, "clicked_at")]
    members = [i for i in items if i["sk"] == "ATTRIBUTION" and inside(i, "created_at")]
    figures = {name: sum(i["status"] == name for i in members) for name in asdict(Cohort())}
    figures["attributed"] = len(members)
    figures["qualified"] = sum("qualified_at" in i for i in members)
    return len(clicks), Cohort(**figures)


@settings(max_examples=40)
@given(
    events=st.lists(_EVENTS, min_size=8, max_size=40),
    bounds=st.lists(
        st.tuples(_BOUNDS, _BOUNDS, st.sampled_from([0, 1, 999]), st.sampled_from(_CAMPAIGNS)),
        min_size=8,
        max_size=16,
    ),
)
def test_any_bounds_and_campaign_give_the_recount_of_what_happened(events, bounds):
    scene = Scene(table=direct_table())
    users = []
    for number, event in enumerate(sorted(events, key=lambda event: event[0])):
        _happen(scene, number, event, users)
    now = _at(max(milliseconds for milliseconds, *_ in events))
    for number, (one, other, microseconds, campaign) in enumerate(bounds):
        start, end = sorted(_at(_milliseconds(bound, events)) for bound in (one, other))
        start += timedelta(microseconds=microseconds)
        counted = count(scene.table, Span.between(start, end, now), campaign, now, KEPT)
        assert counted == _recounted(scene, start, end, campaign)
        if number < len(Grain):
            grain = list(Grain)[number]
            cut = steps(grain, start, end, now)
            each = count_each(scene.table, cut, campaign, now, KEPT)
            assert each == [_recounted(scene, one.start, one.end, campaign) for one in cut]
            assert _added_up(each) == counted
    assert scene.broken() == []


def _added_up(counted):
    return sum(clicks for clicks, _ in counted), total(cohort for _, cohort in counted)


def _visited(*minutes, campaign=None):
    scene = Scene()
    for minute in minutes:
        scene.click(at=NOW + timedelta(minutes=minute), utm_campaign=campaign)
    return scene


def _clicks(scene, start, end, now, campaign=None):
    bounds = Span.between(NOW + timedelta(minutes=start), NOW + timedelta(minutes=end), now)
    return count(scene.table, bounds, campaign, now, KEPT)[0]


def test_a_click_is_seen_by_the_very_next_count():
    scene = _visited(0)
    assert _clicks(scene, 0, 60, NOW) == 1
    scene.click(at=NOW)
    assert _clicks(scene, 0, 60, NOW) == 2


def test_no_bounds_hold_nothing_before_the_first_click():
    scene = Scene()
    assert _clicks(scene, -600, 600, NOW) == 0
    assert _clicks(scene, 60, 0, NOW) == 0


def test_a_second_roll_up_changes_nothing():
    scene = _visited(0, 30, 61, 200)
    later = NOW + timedelta(days=1)
    assert roll_up(scene.table, later) > 0
    before = everything(scene.table)
    assert roll_up(scene.table, later) == 0
    assert everything(scene.table) == before
    assert _clicks(scene, 0, 300, later) == 4


@pytest.mark.parametrize(
    ("operation", "mention"),
    [
        ("UpdateItem", "until"),
        ("UpdateItem", "closed"),
        ("UpdateItem", "CLICKS#2026-11-20T12"),
        ("UpdateItem", "CLICKS#2026-11-20T15"),
        ("UpdateItem", "CLICKS#2026-11'"),
        ("Query", "CLICK#"),
        ("Query", "CLICKS#"),
    ],
)
def test_a_roll_up_that_dies_is_simply_run_again(operation, mention):
    def die(*_):
        raise RuntimeError("the process is gone")

    scene = _visited(0, 30, 61, 200)
    later = NOW + timedelta(hours=6)
    scene.just_before(operation, mention, die)
    with pytest.raises(RuntimeError):
        roll_up(scene.table, later)
    for _ in range(2):
        assert _clicks(scene, 0, 300, later) == 4
        assert _clicks(scene, 30, 62, later) == 2
        assert _clicks(scene, -12 * 60, 12 * 60, later) == 4
        roll_up(scene.table, later)


def _counted(scene):
    """What is stored of clicks, by period and campaign."""
    return {
        (item["pk"].removeprefix("CLICKS#"), item["sk"]): {
            name: number for name, number in item.items() if name not in ("pk", "sk")
        }
        for item in everything(scene.table)
        if item["pk"].startswith("CLICKS#")
    }


def test_a_minute_is_counted_when_it_is_over_and_seconds_more():
    scene = _visited(0)
    assert roll_up(scene.table, NOW + timedelta(seconds=74)) == 60
    assert _counted(scene) == {}
    assert roll_up(scene.table, NOW + timedelta(seconds=75)) == 1
    assert _counted(scene) == {("2026-11-20T12", "*"): {"n00": 1}}


def test_the_raw_clicks_of_two_minutes_are_read_and_no_others():
    scene = _visited(*range(60))
    now = NOW + timedelta(minutes=59, seconds=59)
    roll_up(scene.table, now - timedelta(seconds=60))
    for minute in range(57):
        _forget(scene, NOW + timedelta(minutes=minute))
    assert _clicks(scene, 0, 60, now) == 60


def _forget(scene, minute):
    """Lose the raw clicks of a minute, so that whoever reads them is found out."""
    for item in everything(scene.table):
        at = item.get("clicked_at", "")
        if minute <= parse_timestamp(at or "2000-01-01T00:00:00Z") < minute + timedelta(minutes=1):
            key = {name: {"S": item[name]} for name in ("pk", "sk")}
            scene.table.client.delete_item(TableName=scene.table.name, Key=key)


def test_a_click_of_a_machine_whose_clock_is_behind_is_counted_in_the_end():
    scene = _visited(0)
    roll_up(scene.table, NOW + timedelta(minutes=10))
    scene.click(at=NOW + timedelta(seconds=30))
    later = NOW + timedelta(minutes=16)
    roll_up(scene.table, later)
    assert _counted(scene) == {("2026-11-20T12", "*"): {"n00": 2}}
    assert _clicks(scene, 0, 60, later) == 2


def test_what_a_roll_up_has_closed_adds_up_to_hours_days_months_and_years():
    scene = _visited(0, 30, campaign="spring")
    scene.click(at=NOW + timedelta(hours=2))
    roll_up(scene.table, NOW + timedelta(hours=4))
    stored = _counted(scene)
    assert stored["2026-11-20T12", "spring"] == {"n00": 1, "n30": 1}
    assert stored["2026-11-20", "spring"] == {"n12": 2}
    assert stored["2026-11", "spring"] == {"n20": 2}
    assert stored["2026", "spring"] == {"n11": 2}
    assert stored["", "spring"] == {"n2026": 2}
    assert stored["2026-11-20", "*"] == {"n12": 2, "n14": 1}
    assert stored["", "*"] == {"n2026": 3}


def test_invented_campaigns_are_counted_together_and_the_busiest_by_name():
    scene = _visited()
    for number in range(100):
        scene.click(at=NOW + timedelta(milliseconds=number), utm_campaign=f"invented {number:03}")
    for second in range(2):
        scene.click(at=NOW + timedelta(seconds=50 + second), utm_campaign="spring")
    now = NOW + timedelta(minutes=1)

    def told():
        names = ("spring", "invented 000", "invented 018", "invented 019", OTHER_CAMPAIGNS, None)
        return [_clicks(scene, 0, 60, now, name) for name in names]

    assert told() == [2, 1, 1, 0, 81, 102]
    assert _clicks(scene, 0.8, 60, now, OTHER_CAMPAIGNS) == 0
    roll_up(scene.table, NOW + timedelta(hours=2))
    assert told() == [2, 1, 1, 0, 81, 102]
    assert len(_counted(scene)) == 5 * 22


def test_each_code_has_its_own_campaigns():
    scene = _visited()
    codes.create(scene.table, "ref2", "B1B2C3D4E5F6")
    for number in range(30):
        scene.click(at=NOW, utm_campaign=f"invented {number}")
    scene.click(at=NOW, utm_campaign="zebra", code="B1B2C3D4E5F6")
    assert _clicks(scene, 0, 60, NOW, "zebra") == 1


def test_a_busy_hour_is_rolled_up_piece_by_piece(monkeypatch):
    """So that a run that is ended goes on where it was."""
    monkeypatch.setattr("referrals.acts.roll_up._FEW", 0)
    scene = _visited(*range(60))

    def die(*_):
        raise RuntimeError("the process is gone")

    scene.just_before("Query", "':low': {'S': '2026-11-20T12:40", die)
    with pytest.raises(RuntimeError):
        roll_up(scene.table, NOW + timedelta(hours=2))
    assert click_counts.marks(scene.table).until == NOW + timedelta(minutes=40)


@pytest.mark.parametrize("place", ["COHORTS#", "COUNTS#"])
def test_what_is_folded_while_it_is_counted_is_counted_once(place):
    scene = Scene()
    scene.sign_up()
    scene.pay()
    tomorrow = NOW + timedelta(days=1)
    scene.just_before("Query", place, lambda: fold(scene.table))
    span = Span.between(NOW - timedelta(hours=12), tomorrow, tomorrow)
    _, cohort = count(scene.table, span, None, tomorrow, KEPT)
    assert (cohort.attributed, cohort.rewarded) == (1, 1)
    assert scene.broken() == []


def test_what_is_folded_is_five_sums_and_a_later_change_is_folded_too():
    scene = Scene()
    for number in range(20):
        scene.sign_up(f"new{number}")
    shards, left = fold(scene.table)
    assert (shards > 1, left) == (True, 0)
    scene.pay("new3")
    assert fold(scene.table) == (1, 0)
    stored = [one for one in everything(scene.table) if one["sk"].startswith("COHORTS#")]
    assert {one["sk"] for one in stored} == {"COHORTS#*"}
    stored.sort(key=lambda one: one["pk"])
    periods = [one["pk"].removeprefix("FUNNEL#") for one in stored]
    assert periods == ["", "2026", "2026-11", "2026-11-20", "2026-11-20T12"]
    assert stored[0]["p2026"] == 20 + 10**9 + 10**18
    assert scene.broken() == []


def test_counts_are_folded_once_an_hour():
    scene = Scene()
    scene.sign_up("new1")
    assert fold_hourly(scene.table, NOW) == 1
    scene.sign_up("new2")
    assert fold_hourly(scene.table, NOW + timedelta(minutes=59)) == 0
    assert fold_hourly(scene.table, NOW + timedelta(minutes=60)) == 1


def test_a_fold_that_left_something_is_done_again_within_the_hour():
    scene = Scene()
    scene.sign_up("new1")
    busy = Mock(side_effect=Busy("in use"))
    with patch.object(type(scene.table), "transact", busy):
        assert fold_hourly(scene.table, NOW) == 0
    assert fold_hourly(scene.table, NOW) == 1


def test_a_shard_in_use_does_not_keep_its_neighbours_from_being_folded():
    scene = Scene()
    for number in range(12):
        scene.sign_up(f"new{number}")
    busy = keys.shard(attribution_id(SECRET, "new3"))
    transact = type(scene.table).transact

    def in_conflict(table, parts):
        if any(f"#{busy:02}'" in str(part.write) for part in parts):
            raise Busy("in use")
        transact(table, parts)

    with patch.object(type(scene.table), "transact", in_conflict):
        folded, left = fold(scene.table)
    assert (folded > 8, left) == (True, 1)
    assert scene.broken() == []


def _expire_raw(scene, now):
    """What the table's own expiry does in its own time."""
    for item in everything(scene.table):
        if item.get("expires_epoch", now.timestamp()) < now.timestamp():
            key = {name: {"S": item[name]} for name in ("pk", "sk")}
            scene.table.client.delete_item(TableName=scene.table.name, Key=key)


def test_counts_outlive_the_clicks_they_were_made_from():
    scene = _visited(0, 30, 61, campaign="spring")
    roll_up(scene.table, NOW + timedelta(days=1))
    later = NOW + KEPT + timedelta(days=1)
    _expire_raw(scene, later)
    assert _clicks(scene, 0, 180, later) == 3
    assert _clicks(scene, 0, 60, later, "spring") == 2
    assert _clicks(scene, 0, 20, later) + _clicks(scene, 20, 60, later) == 2
    assert [_clicks(scene, *part, later) for part in ((-1, 0.5), (0.5, 60))] == [1, 1]


def test_the_minute_in_which_clicks_are_just_expiring_is_not_lost_between_two_spans():
    scene = _visited(0.2, 0.8)
    roll_up(scene.table, NOW + timedelta(days=1))
    later = NOW + KEPT + timedelta(seconds=30)
    _expire_raw(scene, later)
    assert _clicks(scene, 0, 60, later) == 2
    assert _clicks(scene, 0, 0.5, later) + _clicks(scene, 0.5, 60, later) == 2


@pytest.mark.parametrize("year", [300, 1970, 9998])
def test_bounds_far_from_any_click_are_answered(year):
    scene = _visited(0)
    scene.sign_up()
    far = datetime(year, 6, 1, 12, 30, tzinfo=UTC)
    start, end = min(far, NOW), max(far, NOW + timedelta(hours=1))
    clicks, cohort = count(scene.table, Span.between(start, end, NOW), None, NOW, KEPT)
    assert (clicks, cohort.attributed) == (1, 1)


def test_bounds_in_the_last_hour_of_the_calendar_are_answered():
    scene = _visited(0)
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert count(scene.table, Span.between(NOW, last, NOW), None, NOW, KEPT)[0] == 1
