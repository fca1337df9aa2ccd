"""The funnel's figures, exact for any bounds: stored counts of whole hours, items for the rest."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.rules.funnel import Cohort, counts_for, total
from referrals.rules.times import CLOCK_SKEW, hour_floor, millisecond_ceiling, timestamp
from referrals.store import attributions, clicks, funnel_counts, keys
from referrals.store.funnel_counts import CLOSED_AFTER, HOUR, hours

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

        A bound that no event can have reached is as good as none: neither breaks an hour.
        """
        unreached = now + CLOCK_SKEW
        since, until = (
            _LATEST if bound > unreached else millisecond_ceiling(max(bound, _EARLIEST))
            for bound in (start or _EARLIEST, end or _LATEST)
        )
        return cls(since, until)

    @property
    def empty(self) -> bool:
        """Whether no time lies in it."""
        return self.start >= self.end

    def edges_and_inside(self) -> tuple[list["Span"], "Span"]:
        """The broken hours at the ends, and the whole hours between them."""
        first, last = hour_floor(self.start), hour_floor(self.end)
        inside_start = first if first == self.start else first + HOUR
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

    Of an hour whose raw clicks have expired only the whole count is left: it goes to the span
    that holds the hour's start.
    """
    if span.empty:
        return 0, Cohort()
    return together(
        lambda: _clicks(table, span, campaign, now, clicks_kept),
        lambda: _cohort(table, span, campaign),
    )


def _cohort(table: Table, span: Span, campaign: str | None) -> Cohort:
    """Counts of whole hours and attributions of broken ones, of one moment between two folds."""
    name = campaign or keys.EVERY_CAMPAIGN
    edges, inside = span.edges_and_inside()
    bounds = inside.start, inside.end
    folds = funnel_counts.folds(table, name)
    for wait in table.waits():
        days, shards, members = together(
            lambda: funnel_counts.folded(table, name, *bounds),
            lambda: funnel_counts.unfolded(table, name, *bounds),
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
            stored = funnel_counts.by_hour([*days, *shards])
            whole = (one for hour, one in stored.items() if inside.start <= hour < inside.end)
            return total([*whole, *of_edges])
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
    counted_until = funnel_counts.clicks_counted_until(table)
    if counted_until is None:
        return 0
    edges, inside = span.edges_and_inside()
    # An hour of which the first click may be gone is as good as gone.
    expired = hour_floor(now - clicks_kept) + HOUR
    raw_edges = [edge for edge in edges if edge.start >= expired]
    # An expired edge stands or falls with its hour's start.
    whole = [edge.start for edge in edges if edge not in raw_edges and _on_the_hour(edge.start)]
    live_start = max(counted_until, inside.start)
    live_end = min(inside.end, hour_floor(now + CLOSED_AFTER) + HOUR)
    live = [Span(hour, hour + HOUR) for hour in hours(live_start, live_end)]
    stored_span = min([*whole, inside.start]), max([inside.end, *(h + HOUR for h in whole)])
    stored, raw = together(
        lambda: funnel_counts.clicks_of_hours(table, campaign or keys.EVERY_CAMPAIGN, *stored_span),
        lambda: clicks.count(table, [(part.start, part.end) for part in live + raw_edges]),
    )
    # A roll-up that died may have stored counts past the mark: those hours are counted live.
    kept = (
        number
        for hour, number in stored.items()
        if hour < counted_until and (inside.start <= hour < inside.end or hour in whole)
    )
    live_counts = (part.total() if campaign is None else part[campaign] for part in raw)
    return sum(kept) + sum(live_counts)


def _on_the_hour(at: datetime) -> bool:
    return at == hour_floor(at)
