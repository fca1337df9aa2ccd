"""Folding: shards of counts move into the sums of calendar periods, so that any span is cheap.

A transaction moves some shards of one day: it takes them away as they were read, and adds them to
the minutes, hours, days, months and years. It holds only while nobody else has folded that campaign
since before they were read, so a fold that was held up moves nothing twice.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from referrals.dynamodb.parts import Busy, Part, Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.times import hour_floor, timestamp
from referrals.store import funnel_counts, keys
from referrals.store.funnel_counts import Shard

log = logging.getLogger(__name__)

# Few, so that a transition seldom meets the fold; and where they change too fast for that, one.
_SHARDS_AT_ONCE = 8
_Days = dict[Shard, list[Key]]


def fold_hourly(table: Table, now: datetime) -> int:
    """Fold if this hour's fold was not done yet; how many shards were."""
    hour = timestamp(hour_floor(now))
    last = table.get(keys.FOLDED)
    if last is not None and last["hour"] >= hour:
        return 0
    shards, left = fold(table)
    if not left:
        place, done = keys.FOLDED, {":hour": hour}
        table.write(table.update("hour", place, "SET #hour = :hour", done, names={"#hour": "hour"}))
    return shards


def fold(table: Table) -> tuple[int, int]:
    """Fold what there is; how many shards were, and how many were in use and left."""
    done = side_by_side(lambda days: _fold_campaign(table, days), list(_by_campaign(table)))
    return sum(folded for folded, _ in done), sum(left for _, left in done)


def _by_campaign(table: Table) -> Iterator[_Days]:
    """The shards there are by day, of one campaign after the other."""

    def read(lane: int) -> list[Key]:
        items = table.query(keys.counts(lane), prefix=keys.COHORTS_PREFIX, only=("pk", "sk"))
        return [Key(item["pk"], item["sk"]) for item in items]

    found = [place for lane in side_by_side(read, range(keys.LANES)) for place in lane]
    by_day = groupby(sorted(found, key=Shard.of), key=Shard.of)
    for _, days in groupby(((day, list(places)) for day, places in by_day), key=_campaign):
        yield dict(days)


def _campaign(day: tuple[Shard, list[Key]]) -> str:
    return day[0].campaign


def _fold_campaign(table: Table, days: _Days) -> tuple[int, int]:
    folded = left = 0
    for shard, places in days.items():
        for start in range(0, len(places), _SHARDS_AT_ONCE):
            some = places[start : start + _SHARDS_AT_ONCE]
            try:
                folded += _fold(table, shard, some)
            except (Busy, Refused):
                for one in some:
                    try:
                        folded += _fold(table, shard, [one])
                    except (Busy, Refused):
                        left += 1
    if left:
        log.info("left for the next fold", extra={"shards": left})
    return folded, left


def _fold(table: Table, shard: Shard, places: Sequence[Key]) -> int:
    """Move these shards of a day. Refused where one has changed meanwhile, or who else folded."""
    folds = funnel_counts.folds(table, shard.campaign)
    found = table.get_many(places)
    if not found:
        return 0
    sums = funnel_counts.sums(shard, found.values())
    table.transact(
        [
            _counted(table, shard.campaign, folds),
            *_taken(table, found),
            *(funnel_counts.added(table, "sums", place, one) for place, one in sums.items()),
        ]
    )
    return len(found)


def _counted(table: Table, campaign: str, folds: int) -> Part:
    place, one = keys.folds(campaign), {":one": 1}
    if not folds:
        unfolded = "attribute_not_exists(folded)"
        return table.update("folds", place, "ADD folded :one", one, condition=unfolded)
    seen = one | {":seen": folds}
    return table.update("folds", place, "ADD folded :one", seen, condition="folded = :seen")


def _taken(table: Table, found: dict[Key, Item]) -> Iterator[Part]:
    for place, item in found.items():
        seen = {":seen": item["changes"]}
        yield table.delete("shard", place, condition="changes = :seen", values=seen)
