"""The funnel's figures, exact for any bounds: counts of whole minutes, items for the rest."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.rules.clicks import counted_as
from referrals.rules.funnel import Cohort, counts_for, total
from referrals.rules.periods import Period, covering, minutes, periods_of, text_of
from referrals.rules.times import (
    CLOCK_SKEW,
    hour_floor,
    millisecond_ceiling,
    minute_floor,
    timestamp,
)
from referrals.store import attributions, click_counts, clicks, funnel_counts, keys
from referrals.store.click_counts import Marks
from referrals.store.clicks import Seen

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """Times from `start` (inclusive) to `end` (exclusive), of stored grain: a millisecond."""

    start: datetime
    end: datetime

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None, now: datetime) -> "Span":
        """The span of two bounds of any grain; None is since the beginning, or until now.

        A bound that no event can have reached is as good as none: neither breaks a minute.
        """
        unreached = now + CLOCK_SKEW
        # Between two years, so that nothing is left over of any period.
        beyond = datetime(unreached.year + 1, 1, 1, tzinfo=UTC)
        since, until = (
            beyond if bound > unreached else millisecond_ceiling(max(bound, _EARLIEST))
            for bound in (start or _EARLIEST, end or _LATEST)
        )
        return cls(since, until)

    @property
    def empty(self) -> bool:
        """Whether no time lies in it."""
        return self.start >= self.end

    def edges_and_inside(self) -> tuple[list["Span"], "Span"]:
        """The broken minutes at the ends, and the whole minutes between them."""
        first, last = minute_floor(self.start), minute_floor(self.end)
        inside_start = first if first == self.start else first + _MINUTE
        if inside_start > last:
            return [self], Span(last, last)
        edges = [Span(self.start, inside_start), Span(last, self.end)]
        return [edge for edge in edges if not edge.empty], Span(inside_start, last)


def count(
    table: Table,
    span: Span,
    campaign: str | None,
    now: datetime,
    clicks_kept: timedelta,
) -> tuple[int, Cohort]:
    """Clicks by click time and attributions by creation time.

    Of a minute whose raw clicks have expired only the whole count is left: it goes to the span
    that holds the minute's start.
    """
    if span.empty:
        return 0, Cohort()
    return together(
        lambda: _clicks(table, span, campaign, now, clicks_kept),
        lambda: _cohort(table, span, campaign),
    )


def _cohort(table: Table, span: Span, campaign: str | None) -> Cohort:
    """Counts of whole minutes and attributions of broken ones, of one moment between two folds."""
    name = campaign or keys.EVERY_CAMPAIGN
    edges, inside = span.edges_and_inside()
    periods = list(covering(inside.start, inside.end))
    folds = funnel_counts.folds(table, name)
    for wait in table.waits():
        numbers, shards, members = together(
            lambda: funnel_counts.folded(table, name, periods),
            lambda: funnel_counts.unfolded(table, name, inside.start, inside.end),
            lambda: _members(table, edges),
        )
        now_folded, found = together(
            lambda: funnel_counts.folds(table, name),
            partial(attributions.get_many, table, members),
        )
        if now_folded == folds:
            of_edges = (
                counts_for(attribution)
                for attribution in found.values()
                if campaign is None or attribution.utm_campaign == campaign
            )
            numbers.update(shards)
            return total([funnel_counts.cohort_of(numbers), *of_edges])
        # What was moved meanwhile may have been seen twice, or not at all.
        folds = now_folded
        time.sleep(wait)
    raise Busy("the counts were still being folded")


def _members(table: Table, edges: Sequence[Span]) -> list[str]:
    def read(place: tuple[Span, int]) -> list[str]:
        edge, lane = place
        first, last = (keys.REFERRAL_PREFIX + timestamp(at) for at in (edge.start, edge.end))
        return [item["id"] for item in table.query(keys.cohort(lane), between=(first, last))]

    places = [(edge, lane) for edge in edges for lane in range(keys.LANES)]
    return [one for found in side_by_side(read, places) for one in found]


def _clicks(
    table: Table, span: Span, campaign: str | None, now: datetime, clicks_kept: timedelta
) -> int:
    marks = click_counts.marks(table)
    if marks is None:
        return 0
    edges, inside = span.edges_and_inside()
    # A minute of which the first click may be gone is as good as gone.
    expired = minute_floor(now - clicks_kept) + _MINUTE
    raw = [edge for edge in edges if edge.start >= expired]
    # An expired edge stands or falls with its minute's start.
    whole = [edge.start for edge in edges if edge not in raw and _whole(edge.start)]
    raw += _uncounted(inside, marks, now)
    stored, live = together(
        lambda: click_counts.total(
            table, campaign or keys.EVERY_CAMPAIGN, _counted(inside, whole, marks)
        ),
        lambda: _live(table, raw, campaign),
    )
    return stored + live


def _counted(inside: Span, whole: Iterable[datetime], marks: Marks) -> Iterator[Period]:
    """Of whole minutes those that were counted: by the hour and more where that is for good.

    A roll-up that died may have stored counts past its mark: those minutes are counted live.
    """
    closed, until = hour_floor(marks.closed), min(inside.end, marks.until)
    yield from covering(inside.start, min(closed, until))
    for minute in (*whole, *minutes(max(inside.start, closed), until)):
        yield periods_of(text_of(minute))[-1]


def _uncounted(inside: Span, marks: Marks, now: datetime) -> Iterator[Span]:
    """Of whole minutes those that no roll-up has counted, each span within an hour."""
    start, end = max(inside.start, marks.until), min(inside.end, _minute_ceiling(now + CLOCK_SKEW))
    while start < end:
        until = min(hour_floor(start) + _HOUR, end)
        yield Span(start, until)
        start = until


def _live(table: Table, spans: Sequence[Span], campaign: str | None) -> int:
    """The clicks of spans, counted as the roll-up would: it looks at whole minutes."""
    wholes = [(minute_floor(one.start), _minute_ceiling(one.end)) for one in spans]
    bounds = [(timestamp(one.start), timestamp(one.end)) for one in spans]
    by_minute: dict[str, list[Seen]] = defaultdict(list)
    for click in clicks.seen(table, wholes):
        by_minute[click.at[:16]].append(click)
    found = 0
    for seen in by_minute.values():
        names = counted_as(Counter((click.code, click.campaign) for click in seen))
        found += sum(
            any(start <= click.at < end for start, end in bounds)
            for click in seen
            if campaign is None or names[click.code, click.campaign] == campaign
        )
    return found


def _minute_ceiling(at: datetime) -> datetime:
    return minute_floor(at) if _whole(at) else minute_floor(at) + _MINUTE


def _whole(at: datetime) -> bool:
    return at == minute_floor(at)
