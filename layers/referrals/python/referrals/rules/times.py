"""Times as the service writes and reads them: RFC 3339, UTC, milliseconds."""

import re
from datetime import UTC, datetime, timedelta

# Clocks of two machines may differ by this much; no decision may hinge on less.
CLOCK_SKEW = timedelta(minutes=10)

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def timestamp(at: datetime) -> str:
    """`2026-11-20T23:53:37.120Z`: of fixed width, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_timestamp(text: str) -> datetime:
    """The time that an RFC 3339 text with an offset names; ValueError for anything else.

    A finer fraction than microseconds is rounded up, as bounds are to milliseconds.
    """
    match = _RFC3339.fullmatch(text)
    if not match:
        raise ValueError("must be RFC 3339 with an offset, as in 2026-11-01T00:00:00Z")
    at = datetime.fromisoformat(text.upper()).astimezone(UTC)
    beyond_microseconds = (match[1] or "")[7:].strip("0")
    return at + timedelta(microseconds=1) if beyond_microseconds else at


def millisecond_ceiling(at: datetime) -> datetime:
    """The first whole millisecond at or after a time: stored times have no finer grain."""
    return at + timedelta(microseconds=-at.microsecond % 1000)


def month_of(at: datetime) -> str:
    """The UTC month, `2026-11`."""
    return at.astimezone(UTC).strftime("%Y-%m")


def hour_floor(at: datetime) -> datetime:
    """The start of the UTC hour that holds the time."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def minute_floor(at: datetime) -> datetime:
    """The start of the UTC minute that holds the time."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)
