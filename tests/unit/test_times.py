"""Times: strict RFC 3339 in, fixed-width UTC out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.times import (
    hour_floor,
    millisecond_ceiling,
    month_of,
    parse_timestamp,
    timestamp,
)

_TIMES = st.builds(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds),
    st.integers(0, 7 * 10**15),
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T00:00:00Z",
        "2026-11-01t00:00:00z",
        "2026-11-01 00:00:00Z",
        "2026-11-01T02:30:00+02:30",
        "2026-10-31T19:00:00.000-05:00",
        "2026-11-01T00:00:00.000000000Z",
    ],
)
def test_every_form_of_rfc_3339_names_its_time(text):
    assert parse_timestamp(text) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-01",
        "2026-11-01T00:00:00",
        "2026-11-01T00:00Z",
        "2026-11-01T00:00:00+0200",
        "2026-11-01T00:00:00 Z",
        "2026-11-01T00:00:00.Z",
        "2026-11-01T00:00:00.1234567890Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-01T24:00:01Z",
        "2026-11-01T00:00:00+24:00",
        "20261101T000000Z",
        "2026-W44-7T00:00:00Z",
        "1761955200",
        "٢٠٢٦-11-01T00:00:00Z",
        "2026-11-01T00:00:00Z\n",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the type is what callers rely on
        parse_timestamp(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_no_utc_year_holds_is_refused(text):
    with pytest.raises((ValueError, OverflowError)):
        parse_timestamp(text)


@given(_TIMES)
def test_a_written_time_is_read_back_to_the_millisecond(at):
    read = parse_timestamp(timestamp(at))
    assert timedelta(0) <= at - read < timedelta(milliseconds=1)


@given(_TIMES, _TIMES)
def test_text_order_is_time_order(one, other):
    if timestamp(one) < timestamp(other):
        assert one < other
    assert len(timestamp(one)) == len(timestamp(other))


@given(_TIMES)
def test_the_ceiling_is_the_first_millisecond_that_is_not_before(at):
    ceiling = millisecond_ceiling(at)
    assert ceiling.microsecond % 1000 == 0
    assert timedelta(0) <= ceiling - at < timedelta(milliseconds=1)


@given(_TIMES, _TIMES)
def test_a_stored_time_is_inside_bounds_as_its_millisecond_is(at, bound):
    stored = parse_timestamp(timestamp(at))
    assert (stored >= bound) is (stored >= millisecond_ceiling(bound))


def test_months_and_hours_are_those_of_utc():
    at = datetime.fromisoformat("2026-12-01T00:30:00+01:00")
    assert month_of(at) == "2026-11"
    assert hour_floor(at) == datetime(2026, 11, 30, 23, tzinfo=UTC)
