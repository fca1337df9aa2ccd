"""The funnel's figures, exact for any bounds: stored counts of whole hours, items for the rest."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.funnel import Cohort, counts_for, total, unpacked
from referrals.rules.times import (
    CLOCK_SKEW,
    hour_floor,
    millisecond_ceiling,
    parse_timestamp,
    timestamp,
)
from referrals.store import attributions, clicks, keys

_HOUR = timedelta(hours=1)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
# A click is stored within seconds of its id's time; an hour this long over will get no more.
CLOSED_AFTER = timedelta(minutes=15)
# After days without a run, the hours are caught up with a day at a time.
_HOURS_AT_ONCE = 24


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
        inside_start = first if first == self.start else first + _HOUR
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
    edges, inside = span.edges_and_inside()
    stored, members = together(
        lambda: _stored_cohorts(table, inside, campaign), lambda: _members(table, edges)
    )
    of_edges = (
        counts_for(attribution)
        for attribution in attributions.get_many(table, members).values()
        if campaign is None or attribution.utm_campaign == campaign
    )
    return stored + total(of_edges)


def _stored_cohorts(table: Table, inside: Span, campaign: str | None) -> Cohort:
    return total(
        unpacked(day.get(letter, 0), day.get(letter * 2, 0))
        for day, _, letter in _stored_hours(table, inside, campaign, keys.funnel_cohorts)
    )


def _members(table: Table, edges: Sequence[Span]) -> list[str]:
    def read(edge: Span) -> list[str]:
        first, last = (keys.REFERRAL_PREFIX + timestamp(at) for at in (edge.start, edge.end))
        return [item["id"] for item in table.query(keys.COHORT, between=(first, last))]

    return [one for found in side_by_side(read, edges) for one in found]


def _clicks(
    table: Table, span: Span, campaign: str | None, now: datetime, clicks_kept: timedelta
) -> int:
    counted_until = _counted_until(table)
    if counted_until is None:
        return 0
    edges, inside = span.edges_and_inside()
    # An hour of which the first click may be gone is as good as gone.
    expired = hour_floor(now - clicks_kept) + _HOUR
    raw_edges = [edge for edge in edges if edge.start >= expired]
    # An expired edge stands or falls with its hour's start.
    whole = [edge.start for edge in edges if edge not in raw_edges and _on_the_hour(edge.start)]
    live_start = max(counted_until, inside.start)
    live_end = min(inside.end, hour_floor(now + CLOSED_AFTER) + _HOUR)
    live = [Span(hour, hour + _HOUR) for hour in _hours(live_start, live_end)]
    stored_span = Span(min([*whole, inside.start]), max([inside.end, *(h + _HOUR for h in whole)]))
    stored, raw = together(
        lambda: list(_stored_hours(table, stored_span, campaign, keys.funnel_clicks)),
        lambda: clicks.count(table, [(part.start, part.end) for part in live + raw_edges]),
    )
    # A roll-up that died may have stored counts past the mark: those hours are counted live.
    kept = (
        int(day.get(letter, 0))
        for day, hour, letter in stored
        if hour < counted_until and (inside.start <= hour < inside.end or hour in whole)
    )
    live_counts = (part.total() if campaign is None else part[campaign] for part in raw)
    return sum(kept) + sum(live_counts)


def _on_the_hour(at: datetime) -> bool:
    return at == hour_floor(at)


def _counted_until(table: Table) -> datetime | None:
    mark = table.get(keys.ROLLED_UP)
    return parse_timestamp(mark["until"]) if mark else None


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += _HOUR


def _stored_hours(
    table: Table,
    inside: Span,
    campaign: str | None,
    key_of: Callable[[str, datetime], Key],
) -> Iterator[tuple[Item, datetime, str]]:
    """Every hour of the span: its day's item, its start, and its attribute there."""
    if inside.empty:
        return
    name = campaign or keys.EVERY_CAMPAIGN
    first, last = key_of(name, inside.start), key_of(name, inside.end - _HOUR)
    for item in table.query(first.pk, between=(first.sk, last.sk)):
        day = datetime.fromisoformat(f"{item['sk'].split('#')[1]}T00:00:00+00:00")
        for hour in _hours(day, day + _DAY):
            if inside.start <= hour < inside.end:
                yield item, hour, keys.hour_letter(hour)


def roll_up(table: Table, now: datetime) -> int:
    """Count the clicks of every closed hour once, in order; how many hours were.

    Counts are set, not added, and the mark moves after them: a run that dies is simply repeated.
    """
    closed = hour_floor(now - CLOSED_AFTER)
    hours = list(_hours(_counted_until(table) or closed, closed))
    for start in range(0, len(hours), _HOURS_AT_ONCE):
        batch = hours[start : start + _HOURS_AT_ONCE]
        found = clicks.count(table, [(hour, hour + _HOUR) for hour in batch])
        for hour, counted in zip(batch, found, strict=True):
            _store_counts(table, hour, counted)
        table.write(
            table.update(
                "mark",
                keys.ROLLED_UP,
                "SET #until = :end",
                {":end": timestamp(batch[-1] + _HOUR)},
                names={"#until": "until"},
            )
        )
    return len(hours)


def _store_counts(table: Table, hour: datetime, found: Counter[str | None]) -> None:
    by_campaign = {name: number for name, number in found.items() if name is not None}
    if found:
        by_campaign[keys.EVERY_CAMPAIGN] = found.total()
    for campaign, number in by_campaign.items():
        table.write(
            table.update(
                "clicks",
                keys.funnel_clicks(campaign, hour),
                "SET #hour = :number",
                {":number": number},
                names={"#hour": keys.hour_letter(hour)},
            )
        )
