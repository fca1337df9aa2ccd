"""A span cut at every midnight or full hour of UTC: its parts add up to the whole."""

from datetime import datetime, timedelta
from enum import StrEnum

from referrals.rules.errors import InvalidRequest
from referrals.rules.times import CLOCK_SKEW, hour_floor, millisecond_ceiling
from referrals.views.funnel import EARLIEST, Span


class Grain(StrEnum):
    """How long a step is."""

    DAY = "day"
    HOUR = "hour"


_LENGTHS = {Grain.DAY: timedelta(days=1), Grain.HOUR: timedelta(hours=1)}
# A year of days, a month of hours.
_MOST = {Grain.DAY: 366, Grain.HOUR: 744}
_USUAL = 30


def steps(
    grain: Grain, since: datetime | None, until: datetime | None, now: datetime
) -> list[Span]:
    """The steps between two bounds; the first and the last are as short as the bounds make them.

    None of them is all in a time that no event can have reached. InvalidRequest where there are
    too many.
    """
    length = _LENGTHS[grain]
    # What a fast clock has dated ahead is in the last of them.
    over = _floor(grain, now + CLOCK_SKEW) + length
    end = min(millisecond_ceiling(max(until, EARLIEST)), over) if until else over
    last = _floor(grain, end - timedelta(milliseconds=1))
    start = millisecond_ceiling(max(since, EARLIEST)) if since else last - (_USUAL - 1) * length
    if last - _floor(grain, start) >= _MOST[grain] * length:
        raise InvalidRequest.field("from", f"at most {_MOST[grain]} {grain}s are told at once")
    found = []
    while start < end:
        following = min(_floor(grain, start) + length, end)
        found.append(Span(start, following))
        start = following
    return found


def _floor(grain: Grain, at: datetime) -> datetime:
    hour = hour_floor(at)
    return hour if grain is Grain.HOUR else hour.replace(hour=0)
