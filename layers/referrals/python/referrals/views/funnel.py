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
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
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
            beyond if bound > unreached else millisecond_ceiling(max(bound, EARLIEST))
            for bound in (start or EARLIEST, end or _LATEST)
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
    return count_each(table, [span], campaign, now, clicks_kept)[0]


def count_each(
    table: Table,
    spans: Sequence[Span],
    campaign: str | None,
    now: datetime,
    clicks_kept: timedelta,
) -> list[tuple[int, Cohort]]:
    """The same of each of spans that follow one another and meet at whole minutes.

    Referrals are counted as they all were at one moment.
    """
    if all(span.empty for span in spans):
        return [(0, Cohort()) for _ in spans]
    name = campaign or keys.EVERY_CAMPAIGN
    counted, cohorts = together(
        lambda: clicks_of(table, spans, [name], now, clicks_kept)[name],
        lambda: _cohorts(table, spans, campaign),
    )
    return list(zip(counted, cohorts, strict=True))


def _cohorts(table: Table, spans: Sequence[Span], campaign: str | None) -> list[Cohort]:
    """Counts of whole minutes and attributions of broken ones, of one moment between two folds."""
    name = campaign or keys.EVERY_CAMPAIGN
    cut = [span.edges_and_inside() for span in spans]
    edges = [(number, edge) for number, (found, _) in enumerate(cut) for edge in found]
    insides = [(inside.start, inside.end) for _, inside in cut]
    periods = [list(covering(*inside)) for inside in insides]
    folds = funnel_counts.folds(table, name)
    for wait in table.waits():
        numbers, shards, numbered = together(
            lambda: funnel_counts.folded(table, name, periods),
            lambda: funnel_counts.unfolded(table, name, insides),
            lambda: members(table, edges),
        )
        now_folded, found = together(
            lambda: funnel_counts.folds(table, name),
            partial(attributions.get_many, table, list(numbered)),
        )
        if now_folded == folds:
            cohorts: list[list[Cohort]] = []
            for one, unfolded in zip(numbers, shards, strict=True):
                one.update(unfolded)
                cohorts.append([funnel_counts.cohort_of(one)])
            for attribution in found.values():
                if campaign is None or attribution.utm_campaign == campaign:
                    cohorts[numbered[attribution.id]].append(counts_for(attribution))
            return [total(some) for some in cohorts]
        # What was moved meanwhile may have been seen twice, or not at all.
        folds = now_folded
        time.sleep(wait)
    raise Busy("the counts were still being folded")


def members(table: Table, edges: Sequence[tuple[int, Span]]) -> dict[str, int]:
    """In which of the spans each attribution of an edge is."""

    def read(place: tuple[int, Span, int]) -> list[tuple[str, int]]:
        number, edge, lane = place
        first, last = (keys.REFERRAL_PREFIX + timestamp(at) for at in (edge.start, edge.end))
        found = table.query(keys.cohort(lane), between=(first, last))
        return [(item["id"], number) for item in found]

    places = [(*edge, lane) for edge in edges for lane in range(keys.LANES)]
    return dict(one for found in side_by_side(read, places) for one in found)


def clicks_of(
    table: Table,
    spans: Sequence[Span],
    campaigns: Sequence[str],
    now: datetime,
    clicks_kept: timedelta,
) -> dict[str, list[int]]:
    """The clicks of each span, by campaign: those of the names that are asked for."""
    marks = click_counts.marks(table)
    if marks is None:
        return {campaign: [0 for _ in spans] for campaign in campaigns}
    # A minute of which the first click may be gone is as good as gone.
    expired = minute_floor(now - clicks_kept) + _MINUTE
    counted: list[list[Period]] = []
    raw: list[tuple[int, Span]] = []
    for number, span in enumerate(spans):
        edges, inside = span.edges_and_inside()
        kept = [edge for edge in edges if edge.start >= expired]
        # An expired edge stands or falls with its minute's start.
        whole = [edge.start for edge in edges if edge not in kept and _whole(edge.start)]
        raw += [(number, one) for one in (*kept, *_uncounted(inside, marks, now))]
        counted.append(list(_counted(inside, whole, marks)))
    stored, live = together(
        lambda: click_counts.totals(table, campaigns, counted),
        lambda: _live(table, raw),
    )
    return {
        campaign: [found + live[campaign, number] for number, found in enumerate(stored[campaign])]
        for campaign in campaigns
    }


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


def _live(table: Table, spans: Sequence[tuple[int, Span]]) -> Counter[tuple[str, int]]:
    """The clicks of numbered spans by campaign and all together, counted as the roll-up would:
    it looks at whole minutes."""
    wholes = [(minute_floor(one.start), _minute_ceiling(one.end)) for _, one in spans]
    bounds = [(number, timestamp(one.start), timestamp(one.end)) for number, one in spans]
    by_minute: dict[str, list[Seen]] = defaultdict(list)
    for click in clicks.seen(table, wholes):
        by_minute[click.at[:16]].append(click)
    found: Counter[tuple[str, int]] = Counter()
    for seen in by_minute.values():
        names = counted_as(Counter((click.code, click.campaign) for click in seen))
        for click in seen:
            both = [*filter(None, (keys.EVERY_CAMPAIGN, names[click.code, click.campaign]))]
            for number, start, end in bounds:
                if start <= click.at < end:
                    found.update((name, number) for name in both)
    return found


def _minute_ceiling(at: datetime) -> datetime:
    return minute_floor(at) if _whole(at) else minute_floor(at) + _MINUTE


def _whole(at: datetime) -> bool:
    return at == minute_floor(at)
