"""The funnel's counts as they are kept: an item a day, and shards of what is not folded yet.

Every transition counts, in its own transaction: on one item a day they would stand in each other's
way. So each changes a shard that follows from the attribution's id. A fold moves the shards of
closed days into their day's item; readers add up both, between two looks at how often it did.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from referrals.dynamodb.parts import Part
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.attribution import Attribution
from referrals.rules.funnel import Cohort, packed, unpacked
from referrals.rules.times import hour_floor, parse_timestamp
from referrals.store import keys

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# A click is stored within seconds of its id's time; an hour this long over will get no more.
CLOSED_AFTER = timedelta(minutes=15)


def hours(start: datetime, end: datetime) -> Iterator[datetime]:
    """The hours that begin in [start, end), from one that does."""
    while start < end:
        yield start
        start += HOUR


def changed(
    table: Table, campaign: str, attribution: Attribution, difference: Cohort
) -> Iterator[Part]:
    """The part of a transition that counts it for a campaign; none where no count changes."""
    progress, exceptions = packed(difference)
    hour = hour_floor(attribution.created_at)
    letter = keys.hour_letter(hour)
    numbers = {letter: progress, letter * 2: exceptions}
    numbers = {name: number for name, number in numbers.items() if number}
    if not numbers:
        return
    numbers["changes"] = 1
    yield table.update(
        "funnel",
        keys.shard_of_counts(campaign, hour, keys.shard(attribution.id)),
        "ADD " + ", ".join(f"{name} :{name}" for name in numbers),
        {f":{name}": number for name, number in numbers.items()},
    )


class Shard(NamedTuple):
    """What a shard is of."""

    campaign: str
    day: date

    @classmethod
    def of(cls, key: Key) -> "Shard":
        """A campaign may hold any character, so it is read from behind."""
        campaign, day, _ = key.sk.removeprefix(keys.COHORTS_PREFIX).rsplit("#", 2)
        return cls(campaign, date.fromisoformat(day))


def folds(table: Table, campaign: str) -> int:
    """How often the campaign's counts were folded."""
    return int((table.get(keys.folds(campaign)) or {}).get("folded", 0))


def by_hour(items: Iterable[tuple[date, Item]]) -> dict[datetime, Cohort]:
    """The counts of each hour, of folded days and shards together.

    A shard may hold less than nothing of what the fold has moved: only sums mean something.
    """
    sums: dict[datetime, list[int]] = defaultdict(lambda: [0, 0])
    for day, item in items:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for hour in hours(midnight, midnight + DAY):
            letter = keys.hour_letter(hour)
            sums[hour][0] += item.get(letter, 0)
            sums[hour][1] += item.get(letter * 2, 0)
    return {hour: unpacked(*numbers) for hour, numbers in sums.items()}


def folded(table: Table, campaign: str, start: datetime, end: datetime) -> list[tuple[date, Item]]:
    """The days of [start, end) as they were folded."""
    if start >= end:
        return []
    low, high = (keys.funnel_cohorts(campaign, day) for day in (start, end - HOUR))
    items = table.query(low.pk, between=(low.sk, high.sk))
    return [(date.fromisoformat(item["sk"].split("#")[1]), item) for item in items]


def unfolded(
    table: Table, campaign: str, start: datetime, end: datetime
) -> list[tuple[date, Item]]:
    """The shards of the days of [start, end)."""
    if start >= end:
        return []
    low, high = (keys.counts_from(campaign, day) for day in (start, end - HOUR))

    def read(lane: int) -> list[Item]:
        return list(table.query(keys.counts(lane), between=(low, f"{high}~")))

    items = [item for lane in side_by_side(read, range(keys.LANES)) for item in lane]
    shards = ((Shard.of(Key(item["pk"], item["sk"])), item) for item in items)
    return [(shard.day, item) for shard, item in shards if shard.campaign == campaign]


def clicks_of_hours(
    table: Table, campaign: str, start: datetime, end: datetime
) -> dict[datetime, int]:
    """The stored counts of clicks, by hour."""
    if start >= end:
        return {}
    low, high = (keys.funnel_clicks(campaign, day) for day in (start, end - HOUR))
    return {
        hour: int(item.get(keys.hour_letter(hour), 0))
        for item in table.query(low.pk, between=(low.sk, high.sk))
        for midnight in [datetime.fromisoformat(f"{item['sk'].split('#')[1]}T00:00:00+00:00")]
        for hour in hours(max(midnight, start), min(midnight + DAY, end))
    }


def clicks_counted_until(table: Table) -> datetime | None:
    """Up to where the clicks of closed hours are counted; None before the first click."""
    mark = table.get(keys.ROLLED_UP)
    return parse_timestamp(mark["until"]) if mark else None
