"""Referrers in the order of the signups that their codes brought, with what became of those."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.store import codes, ranks, referrer_counts
from referrals.store.codes import Code


@dataclass(frozen=True)
class Ranked:
    """The first by the signups up to `at`, each with its figures of now."""

    items: Sequence[tuple[Code, Mapping[str, int]]]
    at: datetime | None


def ranked(table: Table, limit: int) -> Ranked:
    """The referrers with the most signups up to `at`; their figures are exact and of now."""
    at, first = together(lambda: ranks.ranked_at(table), lambda: ranks.first(table, limit))
    owners, figures = together(
        lambda: codes.get_many(table, first),
        lambda: side_by_side(lambda code: referrer_counts.of_code(table, code), first),
    )
    items = [(owners[code], one) for code, one in zip(first, figures, strict=True)]
    items.sort(key=lambda item: (-item[1]["attributed"], -item[1]["qualified"], item[0].code))
    return Ranked(items, at)
