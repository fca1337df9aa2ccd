"""Campaigns in the order of the signups that a span brought them, each as stats tells it."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules.errors import InvalidRequest
from referrals.rules.funnel import Cohort, counts_for, total
from referrals.rules.periods import covering
from referrals.store import attributions, funnel_counts, keys
from referrals.views.funnel import Span, clicks_of, members

# Of a year, a month, a day or an hour: more were never meant as campaigns.
MOST_CAMPAIGNS = 1_000


@dataclass(frozen=True)
class Ranked:
    """The first campaigns by signups, with their clicks, and whether these are all there are."""

    items: Sequence[tuple[str, int, Cohort]]
    complete: bool


def ranked(
    table: Table, span: Span, now: datetime, clicks_kept: timedelta, *, limit: int
) -> Ranked:
    """The campaigns that had signups in the span; InvalidRequest where there are too many.

    Each is counted as it was at one moment of the call, between two folds.
    """
    if span.empty:
        return Ranked([], complete=True)
    found = _cohorts(table, span)
    order = sorted(
        (name for name in found if name != keys.EVERY_CAMPAIGN and found[name].attributed),
        key=lambda name: (-found[name].attributed, -found[name].qualified, name),
    )
    shown = order[:limit]
    clicks = clicks_of(table, [span], shown, now, clicks_kept) if shown else {}
    items = [(name, clicks[name][0], found[name]) for name in shown]
    return Ranked(items, complete=len(order) <= limit)


def _cohorts(table: Table, span: Span) -> dict[str, Cohort]:
    """By campaign. What a fold touched meanwhile may have been seen twice or not at all: it is
    read again until it was let be for once."""
    settled: dict[str, Cohort] = {}
    folds = funnel_counts.folds_by_campaign(table)
    for wait in table.waits():
        found, now_folded = _read(table, span)
        names = found.keys() | now_folded.keys()
        for name in names - settled.keys():
            if now_folded.get(name) == folds.get(name):
                settled[name] = found.get(name, Cohort())
        if names <= settled.keys():
            return settled
        folds = now_folded
        time.sleep(wait)
    raise Busy("the counts were still being folded")


def _read(table: Table, span: Span) -> tuple[dict[str, Cohort], dict[str, int]]:
    """What every campaign seems to count, and how often each was folded after that was read."""
    edges, inside = span.edges_and_inside()
    periods = list(covering(inside.start, inside.end))
    folded, unfolded, of_edges = together(
        lambda: funnel_counts.folded_by_campaign(table, periods, MOST_CAMPAIGNS),
        lambda: funnel_counts.unfolded_by_campaign(table, inside.start, inside.end),
        lambda: members(table, [(0, edge) for edge in edges]),
    )
    if folded is None:
        raise InvalidRequest.field(
            "from", f"a period of this span had over {MOST_CAMPAIGNS} campaigns: ask for a shorter"
        )
    folds, broken = together(
        lambda: funnel_counts.folds_by_campaign(table),
        lambda: attributions.get_many(table, list(of_edges)),
    )
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for source in (folded, unfolded):
        for name, found in source.items():
            numbers[name].update(found)
    cohorts: dict[str, list[Cohort]] = defaultdict(list)
    for name, found in numbers.items():
        cohorts[name].append(funnel_counts.cohort_of(found))
    for attribution in broken.values():
        if attribution.utm_campaign:
            cohorts[attribution.utm_campaign].append(counts_for(attribution))
    return {name: total(some) for name, some in cohorts.items()}, folds
