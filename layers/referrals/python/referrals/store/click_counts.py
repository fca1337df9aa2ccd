"""The counts of clicks as they are kept: of each minute by campaign, and what minutes add up to.

Counts are set and never added to, so whoever counts may die and begin again. How far they go is
marked after them, and what is beyond the mark is counted live.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Key
from referrals.rules.periods import Period, holders, hour_of
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

# Before the digits of a part of the period: no expression takes a name that begins with one.
_NUMBER = "n"


class Marks(NamedTuple):
    """Up to where the clicks of each minute are counted, and up to where for good."""

    until: datetime
    closed: datetime


def marks(table: Table) -> Marks | None:
    """How far clicks are counted; None before the first click."""
    mark = table.get(keys.ROLLED_UP)
    if mark is None:
        return None
    return Marks(*(parse_timestamp(mark[name]) for name in Marks._fields))


def mark(table: Table, name: str, until: datetime) -> None:
    """Move one of the marks forward; who was held up does not move it back."""
    sets, values, names = "SET #mark = :until", {":until": timestamp(until)}, {"#mark": name}
    moved = table.update(
        "mark", keys.ROLLED_UP, sets, values, condition="#mark < :until", names=names
    )
    with suppress(Refused):
        table.write(moved)


def totals(
    table: Table, campaigns: Sequence[str], spans: Sequence[Iterable[Period]]
) -> dict[str, list[int]]:
    """The clicks of the periods of each span, which were counted, of each of the campaigns."""
    by_place: dict[Key, list[tuple[int, str]]] = defaultdict(list)
    for number, periods in enumerate(spans):
        for period in periods:
            for campaign in campaigns:
                place = Key(keys.clicks_of(period.holder), campaign)
                by_place[place].append((number, _NUMBER + period.name))
    found = {campaign: [0 for _ in spans] for campaign in campaigns}
    for place, item in table.get_many(list(by_place)).items():
        for number, name in by_place[place]:
            found[place.sk][number] += item.get(name, 0)
    return found


def of_minutes(table: Table, hour: datetime) -> dict[str, dict[str, int]]:
    """The counts of an hour's minutes (`00` to `59`) by campaign."""
    items = table.query(keys.clicks_of(hour_of(hour)))
    return {
        item["sk"]: {
            name.removeprefix(_NUMBER): number for name, number in item.items() if _counts(name)
        }
        for item in items
    }


def set_minutes(table: Table, hour: datetime, found: Mapping[str, Mapping[str, int]]) -> None:
    """Store counts of an hour's minutes by campaign; other minutes stay as they are."""
    place = keys.clicks_of(hour_of(hour))

    def write(campaign: str) -> None:
        numbers = {_NUMBER + minute: number for minute, number in found[campaign].items()}
        expression = "SET " + ", ".join(f"{name} = :{name}" for name in numbers)
        values = {f":{name}": number for name, number in numbers.items()}
        table.write(table.update("clicks", Key(place, campaign), expression, values))

    side_by_side(write, list(found))


def sum_up(table: Table, hour: datetime) -> None:
    """Set what an hour whose minutes are counted for good adds up to, with those before it.

    Its day, month and year may have more hours to come, so nobody reads their sums before they
    are over; one who was held up with an older sum leaves the larger one.
    """

    def write(campaign: str) -> None:
        for whole, part in holders(hour_of(hour)):
            parts = table.get(Key(keys.clicks_of(whole), campaign)) or {}
            number = sum(value for name, value in parts.items() if _counts(name))
            summed = table.update(
                "sum",
                Key(keys.clicks_of(part.holder), campaign),
                "SET #part = :sum",
                {":sum": number},
                condition="attribute_not_exists(#part) OR #part < :sum",
                names={"#part": _NUMBER + part.name},
            )
            with suppress(Refused):
                table.write(summed)

    side_by_side(write, list(of_minutes(table, hour)))


def _counts(name: str) -> bool:
    return name not in ("pk", "sk")
