"""Calendar periods: a span of whole minutes as few of them as it takes, each in its bigger one.

A period is a text, `2026`, `2026-11`, `2026-11-20`, `2026-11-20T12` or `2026-11-20T12:34`, and all
time is the empty one. Counts of a period are kept in the item of the one that holds it, so that a
span of any length is read from nine items: two of hours, days, months and years, and all time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

# How much of a minute's text names all time, the year, the month, the day, the hour, the minute.
_LENGTHS = (0, 4, 7, 10, 13, 16)
# What stands before the digits of a part of it.
_BEFORE = dict(zip(_LENGTHS, ("", "-", "-", "T", ":"), strict=False))
_MINUTE = timedelta(minutes=1)


class Period(NamedTuple):
    """A period by the one that holds it, and its digits in there."""

    holder: str
    name: str

    def __str__(self) -> str:
        return f"{self.holder}{_BEFORE[len(self.holder)]}{self.name}"


def periods_of(minute: str) -> list[Period]:
    """The year, the month, the day, the hour and the minute that a minute counts in."""
    return [_period(minute, *lengths) for lengths in pairwise(_LENGTHS)]


def holders(hour: str) -> Iterator[tuple[str, Period]]:
    """The hour in its day, the day in its month, the month in its year, the year in all time."""
    for holder, length in reversed([*pairwise(_LENGTHS[:-1])]):
        yield hour[:length], _period(hour, holder, length)


def part(text: str) -> Period:
    """A year, month, day, hour or minute by its text, as a part of the one that holds it."""
    return _period(text, _LENGTHS[_LENGTHS.index(len(text)) - 1], len(text))


def covering(start: datetime, end: datetime) -> Iterator[Period]:
    """The fewest periods that make up the whole minutes of [start, end)."""
    while start < end:
        for lengths in pairwise(_LENGTHS):
            after = _after(start, lengths[1])
            if after is not None and after <= end:
                yield _period(text_of(start), *lengths)
                start = after
                break


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    """The minutes that begin in [start, end), from one that does."""
    while start < end:
        yield start
        start += _MINUTE


def text_of(minute: datetime) -> str:
    """`2026-11-20T12:34`."""
    return minute.isoformat()[:16]


def hour_of(minute: datetime) -> str:
    """`2026-11-20T12`."""
    return minute.isoformat()[:13]


def _period(text: str, holder: int, length: int) -> Period:
    return Period(text[:holder], text[holder:length].lstrip("-T:"))


def _after(start: datetime, length: int) -> datetime | None:
    """Where the period of this grain ends that begins here; None where none does."""
    match length:
        case 4 if (start.month, start.day, start.hour, start.minute) == (1, 1, 0, 0):
            return start.replace(year=start.year + 1)
        case 7 if (start.day, start.hour, start.minute) == (1, 0, 0):
            return (start + timedelta(days=31)).replace(day=1)
        case 10 if (start.hour, start.minute) == (0, 0):
            return start + timedelta(days=1)
        case 13 if start.minute == 0:
            return start + timedelta(hours=1)
        case 16:
            return start + _MINUTE
    return None
