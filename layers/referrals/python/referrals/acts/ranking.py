"""Ranking: whose code brought a signup in the last minutes finds its place by all that it brought.

Signups are found by their time, soon after it, and again a quarter of an hour later: one that was
held up before it was stored has an earlier time than what was ranked already.
"""

from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.times import timestamp
from referrals.store import attributions, keys, ranks, referrer_counts

_SOON, _FOR_GOOD = timedelta(seconds=15), timedelta(minutes=15)
_AT_ONCE = 500


def rank(table: Table, now: datetime) -> int:
    """Rank the codes of all signups since the last run, as far as there is time; how many were."""
    soon = _rank(table, ranks.UNTIL, timestamp(now - _SOON))
    _rank(table, ranks.CLOSED, timestamp(now - _FOR_GOOD))
    return soon


def _rank(table: Table, mark: str, end: str) -> int:
    start, ranked = ranks.mark_of(table, mark), 0
    while start < end:
        born = _born(table, start, end)
        found = attributions.get_many(table, [item["id"] for item in born])
        codes = sorted({attribution.code for attribution in found.values()})
        side_by_side(lambda code: _place(table, code), codes)
        ranked += len(codes)
        last = str(born[-1]["sk"]).split("#")[1] if born else end
        start = end if len(born) < _AT_ONCE or last == start else last
        ranks.mark(table, mark, start)
        if not table.in_time:
            break
    return ranked


def _born(table: Table, start: str, end: str) -> list[Item]:
    """The first pointers to attributions of [start, end), in the order of time."""
    low, high = keys.REFERRAL_PREFIX + start, keys.REFERRAL_PREFIX + end
    lanes = [
        table.query(keys.cohort(lane), between=(low, high), page=_AT_ONCE)
        for lane in range(keys.LANES)
    ]
    return list(islice(merge(*lanes, key=lambda item: str(item["sk"])), _AT_ONCE))


def _place(table: Table, code: str) -> None:
    ranks.place(table, code, referrer_counts.of_code(table, code)["attributed"])
