"""Folding: the shards of closed days move into one item a day, so that a year is cheap to read.

A transaction moves some shards of one day: it takes them away as they were read, and adds them to
the day. It holds only while nobody else has folded that campaign since before they were read, so a
fold that was held up moves nothing twice.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from referrals.dynamodb.parts import Busy, Part, Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.store import funnel_counts, keys
from referrals.store.funnel_counts import Shard

log = logging.getLogger(__name__)

# Few, so that a transition of a closed day seldom meets the fold.
_SHARDS_AT_ONCE = 8


def fold(table: Table, now: datetime) -> int:
    """Fold the days before today; how many shards were. What is in use is left for another run."""
    folded = 0
    for shard, places in _closed(table, now):
        for start in range(0, len(places), _SHARDS_AT_ONCE):
            some = places[start : start + _SHARDS_AT_ONCE]
            try:
                folded += _fold(table, shard, some)
            except (Busy, Refused):
                log.info("left for the next fold", extra={"day": str(shard.day)})
    return folded


def _closed(table: Table, now: datetime) -> Iterator[tuple[Shard, list[Key]]]:
    """The shards of days that are over, by campaign and day."""

    def read(lane: int) -> list[Key]:
        items = table.query(keys.counts(lane), prefix=keys.COHORTS_PREFIX)
        return [Key(item["pk"], item["sk"]) for item in items]

    found = [place for lane in side_by_side(read, range(keys.LANES)) for place in lane]
    closed = sorted(place for place in found if Shard.of(place).day < now.date())
    by_shard = sorted(closed, key=Shard.of)
    for shard, places in groupby(by_shard, key=Shard.of):
        yield shard, list(places)


def _fold(table: Table, shard: Shard, places: Sequence[Key]) -> int:
    """Move these shards of a day. Refused where one has changed meanwhile, or who else folded."""
    folds = funnel_counts.folds(table, shard.campaign)
    found = table.get_many(places)
    if not found:
        return 0
    moved: Counter[str] = Counter()
    for item in found.values():
        moved.update({name: number for name, number in item.items() if _counts(name)})
    parts = [_counted(table, shard.campaign, folds), *_taken(table, found)]
    numbers = {name: number for name, number in moved.items() if number}
    if numbers:
        parts.append(
            table.update(
                "day",
                keys.funnel_cohorts(shard.campaign, shard.day),
                "ADD " + ", ".join(f"{name} :{name}" for name in numbers),
                {f":{name}": number for name, number in numbers.items()},
            )
        )
    table.transact(parts)
    return len(found)


def _counts(name: str) -> bool:
    return name not in ("pk", "sk", "changes")


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
