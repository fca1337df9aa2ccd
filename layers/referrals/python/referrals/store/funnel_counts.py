"""The funnel's counts as they are kept: sums of calendar periods, and shards of what came since.

Every transition counts, in its own transaction: on one item they would stand in each other's way.
So each changes a shard that follows from the attribution's id. A fold moves the shards into the
sums; readers add up both, between two looks at how often it did.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from referrals.dynamodb.parts import Part
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.attribution import Attribution
from referrals.rules.funnel import Cohort, counts_for, packed, unpacked
from referrals.rules.periods import Period, periods_of, text_of
from referrals.store import keys

# The two numbers of a part of a period are named by these and its digits.
_PROGRESS, _EXCEPTIONS = "p", "x"
_MINUTE = timedelta(minutes=1)


def changed(
    table: Table, campaign: str, attribution: Attribution, difference: Cohort
) -> Iterator[Part]:
    """The part of a transition that counts it for a campaign; none where no count changes."""
    numbers = _numbers_of(attribution, difference)
    if numbers:
        shard = keys.shard(attribution.id)
        place = keys.shard_of_counts(campaign, attribution.created_at, shard)
        yield added(table, "funnel", place, numbers | {"changes": 1})


def _numbers_of(attribution: Attribution, counts: Cohort) -> dict[str, int]:
    """By name in a shard, what counts of an attribution are: those that are nothing left out."""
    progress, exceptions = packed(counts)
    minute = f"{attribution.created_at:%H%M}"
    numbers = {_PROGRESS + minute: progress, _EXCEPTIONS + minute: exceptions}
    return {name: number for name, number in numbers.items() if number}


def added(table: Table, part: str, place: Key, numbers: Mapping[str, int]) -> Part:
    """Numbers that are added to those of an item."""
    expression = "ADD " + ", ".join(f"{name} :{name}" for name in numbers)
    values = {f":{name}": number for name, number in numbers.items()}
    return table.update(part, place, expression, values)


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


def folds_by_campaign(table: Table) -> dict[str, int]:
    """The same of every campaign that ever was folded."""
    return {item["sk"]: int(item["folded"]) for item in table.query(keys.FOLDS)}


def sums(shard: Shard, items: Iterable[Item]) -> dict[Key, dict[str, int]]:
    """What shards of a day add to the sums of its minutes, hours, and so on up to all time."""
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for item in items:
        for kind, minute, number in _numbers(shard.day, item):
            for period in periods_of(minute):
                place = keys.funnel_cohorts(shard.campaign, period.holder)
                found[place][kind + period.name] += number
    nonzero = ((place, {n: v for n, v in one.items() if v}) for place, one in found.items())
    return {place: numbers for place, numbers in nonzero if numbers}


def of_minute(campaign: str, attribution: Attribution) -> tuple[Key, dict[str, int]]:
    """What an attribution counts for in its minute: in the item of which hour, and what."""
    hour = f"{attribution.created_at:%Y-%m-%dT%H}"
    numbers = _numbers_of(attribution, counts_for(attribution))
    in_hour = {f"{name[0]}{name[3:]}": number for name, number in numbers.items()}
    return keys.funnel_cohorts(campaign, hour), in_hour


def minutes_of(table: Table, campaign: str, day: date, hours: Sequence[int]) -> dict[Key, Item]:
    """The counts of the minutes of some hours of a day, as their hours' items will have them.

    A fold in between makes them wrong, for that once.
    """
    names = [f"{hour:02}" for hour in hours]
    places = [keys.funnel_cohorts(campaign, f"{day}T{name}") for name in names]
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for place, item in table.get_many(places).items():
        found[place].update(counts_in(item))
    first = keys.counts_from(campaign, day)

    def read(lane: int) -> list[Item]:
        return list(table.query(keys.counts(lane), prefix=first))

    for items in side_by_side(read, range(keys.LANES)):
        for item in items:
            if Shard.of(Key(item["pk"], item["sk"])).campaign != campaign:
                continue
            for kind, minute, number in _numbers(day, item):
                place = keys.funnel_cohorts(campaign, minute[:13])
                if place in places:
                    found[place][kind + minute[14:]] += number
    return {place: dict(numbers) for place, numbers in found.items()}


def counts_in(item: Item) -> dict[str, int]:
    """The numbers of the parts of a period, as its item holds them."""
    return {name: number for name, number in item.items() if name not in Key._fields}


def differences(
    place: Key, ours: Mapping[str, int], theirs: Mapping[str, int]
) -> Iterator[tuple[str, Period, Cohort, Cohort]]:
    """Where two say different things of the parts of a sum: whose, of when, and what each says."""
    holder = place.pk.removeprefix(keys.funnel(""))
    campaign = place.sk.removeprefix(keys.COHORTS_PREFIX)
    for name in sorted({one[1:] for one in (*ours, *theirs)}):
        cohorts = [
            unpacked(*(one.get(kind + name, 0) for kind in (_PROGRESS, _EXCEPTIONS)))
            for one in (ours, theirs)
        ]
        if cohorts[0] != cohorts[1]:
            yield campaign, Period(holder, name), cohorts[0], cohorts[1]


def folded(table: Table, campaign: str, spans: Sequence[Iterable[Period]]) -> list[Counter[str]]:
    """The two numbers of what was folded, of the periods of each span."""
    by_place: dict[Key, list[tuple[int, str]]] = defaultdict(list)
    for number, periods in enumerate(spans):
        for period in periods:
            place = keys.funnel_cohorts(campaign, period.holder)
            by_place[place].append((number, period.name))
    found: list[Counter[str]] = [Counter() for _ in spans]
    for place, item in table.get_many(list(by_place)).items():
        for number, name in by_place[place]:
            for kind in (_PROGRESS, _EXCEPTIONS):
                found[number][kind] += item.get(kind + name, 0)
    return found


def unfolded(
    table: Table, campaign: str, spans: Sequence[tuple[datetime, datetime]]
) -> list[Counter[str]]:
    """The same of the shards, of the minutes of each span: in their order, some may be empty."""
    found: list[Counter[str]] = [Counter() for _ in spans]
    texts = [
        (text_of(start), text_of(end), one)
        for (start, end), one in zip(spans, found, strict=True)
        if start < end
    ]
    if not texts:
        return found
    starts, ends, numbers = zip(*texts, strict=True)
    first = datetime.fromisoformat(starts[0])
    last = datetime.fromisoformat(ends[-1]) - _MINUTE
    low, high = (keys.counts_from(campaign, day) for day in (first, last))

    def read(lane: int) -> list[Item]:
        return list(table.query(keys.counts(lane), between=(low, f"{high}~")))

    for items in side_by_side(read, range(keys.LANES)):
        for item in items:
            shard = Shard.of(Key(item["pk"], item["sk"]))
            if shard.campaign != campaign:
                continue
            for kind, minute, number in _numbers(shard.day, item):
                place = bisect_right(starts, minute) - 1
                if place >= 0 and minute < ends[place]:
                    numbers[place][kind] += number
    return found


def folded_by_campaign(
    table: Table, periods: Iterable[Period], most: int
) -> dict[str, Counter[str]] | None:
    """The two numbers of what was folded of the periods together, of each campaign and of all.

    None where one of what holds the periods has more campaigns than `most`.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for period in periods:
        names[period.holder].append(period.name)

    def read(holder: str) -> list[Item]:
        items = table.query(keys.funnel(holder), prefix=keys.COHORTS_PREFIX)
        return list(islice(items, most + 1))

    found: dict[str, Counter[str]] = defaultdict(Counter)
    for holder, items in zip(names, side_by_side(read, list(names)), strict=True):
        if len(items) > most:
            return None
        for item in items:
            campaign = item["sk"].removeprefix(keys.COHORTS_PREFIX)
            for kind in (_PROGRESS, _EXCEPTIONS):
                found[campaign][kind] += sum(item.get(kind + name, 0) for name in names[holder])
    return found


def unfolded_by_campaign(table: Table, start: datetime, end: datetime) -> dict[str, Counter[str]]:
    """The same of the shards, of the minutes of [start, end)."""
    first, last = text_of(start), text_of(end)
    found: dict[str, Counter[str]] = defaultdict(Counter)

    def read(lane: int) -> list[Item]:
        return list(table.query(keys.counts(lane), prefix=keys.COHORTS_PREFIX))

    for items in side_by_side(read, range(keys.LANES)):
        for item in items:
            shard = Shard.of(Key(item["pk"], item["sk"]))
            for kind, minute, number in _numbers(shard.day, item):
                if first <= minute < last:
                    found[shard.campaign][kind] += number
    return found


def cohort_of(numbers: Mapping[str, int]) -> Cohort:
    """What folded and unfolded numbers together say.

    A shard may hold less than nothing of what the fold has moved: only sums mean something.
    """
    return unpacked(numbers[_PROGRESS], numbers[_EXCEPTIONS])


def _numbers(day: date, item: Item) -> Iterator[tuple[str, str, int]]:
    """Which of the two, the minute and the number, of what a shard holds."""
    for name, number in item.items():
        if name[0] in (_PROGRESS, _EXCEPTIONS) and name[1:].isdigit():
            yield name[0], f"{day}T{name[1:3]}:{name[3:5]}", number
