"""Rolling up: the clicks of every minute are counted soon after it, and again for good later."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from referrals.dynamodb.table import Table
from referrals.rules.clicks import counted_as
from referrals.rules.times import hour_floor, minute_floor
from referrals.store import click_counts, clicks, keys
from referrals.store.clicks import Seen

# A click is stored within seconds of its id's time, if the machine's clock is right.
_COUNTED_AFTER = timedelta(seconds=15)
# Clocks may differ by ten minutes, and a function runs for a while: then none comes any more.
_CLOSED_AFTER = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
# After a while without a run minutes are caught up with together: an hour where little happened,
# and not more than fits in memory where clicks were many.
_AT_ONCE = timedelta(minutes=10)
_FEW = 20_000


def roll_up(table: Table, now: datetime) -> int:
    """Count the clicks of every minute that is over; how many minutes were.

    What came too late for that is found when the minute is counted again. Then it is closed: hours
    whose minutes all are add up to days, months and years.
    """
    marks = click_counts.marks(table)
    if marks is None:
        return 0
    over = minute_floor(now - _COUNTED_AFTER)
    for end, _ in _counted(table, marks.until, over):
        click_counts.mark(table, "until", end)
    for end, hour in _counted(table, marks.closed, minute_floor(now - _CLOSED_AFTER)):
        if end == hour + _HOUR:
            click_counts.sum_up(table, hour)
        click_counts.mark(table, "closed", end)
    return max(0, (over - marks.until) // timedelta(minutes=1))


def _counted(table: Table, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Count the minutes of [start, end): up to where it was done, and of which hour."""
    at_once = _AT_ONCE
    while start < end:
        hour = hour_floor(start)
        until = min(start + at_once, hour + _HOUR, end)
        at_once = _HOUR if _count(table, start, until) < _FEW else _AT_ONCE
        yield until, hour
        start = until


def _count(table: Table, start: datetime, end: datetime) -> int:
    """Store what the clicks of these minutes count for, where it is not stored; how many were."""
    found = _by_campaign(clicks.seen(table, [(start, end)]))
    stored = click_counts.of_minutes(table, hour_floor(start))
    first, last = f"{start:%M}", f"{end - timedelta(minutes=1):%M}"
    changed: dict[str, dict[str, int]] = defaultdict(dict)
    for campaign in sorted(found.keys() | stored.keys()):
        new, old = found.get(campaign, {}), stored.get(campaign, {})
        for minute in new.keys() | {one for one in old if first <= one <= last}:
            if new.get(minute, 0) != old.get(minute, 0):
                changed[campaign][minute] = new.get(minute, 0)
    click_counts.set_minutes(table, hour_floor(start), changed)
    return sum(found.get(keys.EVERY_CAMPAIGN, {}).values())


def _by_campaign(seen: Iterator[Seen]) -> Mapping[str, Mapping[str, int]]:
    """The clicks of each minute (`00` to `59`), by campaign and all together."""
    minutes: dict[str, Counter[tuple[str, str | None]]] = defaultdict(Counter)
    for click in seen:
        minutes[click.at[14:16]][click.code, click.campaign] += 1
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for minute, numbers in minutes.items():
        names = counted_as(numbers)
        for one, number in numbers.items():
            for name in filter(None, (keys.EVERY_CAMPAIGN, names[one])):
                found[name][minute] += number
    return found
