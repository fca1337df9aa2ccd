"""A whole table recounted at once, without a reconciliation that is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from referrals.acts import repairs
from referrals.acts.recount import funnel, pages
from referrals.acts.recount.funnel import Hours
from referrals.acts.recount.lasting import lasting
from referrals.acts.repairs import Undone
from referrals.dynamodb.table import Table
from referrals.rules.programme import Programme
from tests.samples import SECRET

_ALL = 10_000


@dataclass(frozen=True)
class Recounted:
    """Every difference in order, and what is left undone."""

    items: int
    differences: tuple[str, ...]
    undone: Undone

    @property
    def unsettled(self) -> tuple[str, ...]:
        return tuple(self.undone.unsettled)


def recounted(table: Table, secret: bytes = SECRET) -> Recounted:
    """What a reconciliation would tell, and what it would finish. Writes nothing."""
    items, after = table.scan_page(None, _ALL, pages.ATTRIBUTES)
    assert after is None
    found = pages.differences(table, secret, items, None)
    for day in _days(table):
        found |= lasting(table, secret, funnel.of_hours, [day])
    return Recounted(len(items), tuple(sorted(found)), undone(table, secret))


def undone(table: Table, secret: bytes = SECRET) -> Undone:
    """What a reconciliation would finish, without what it would tell."""
    items, _ = table.scan_page(None, _ALL, repairs.ATTRIBUTES)
    return repairs.undone(table, secret, items, Programme())


def _days(table: Table) -> Iterator[Hours]:
    day = funnel.next_day(table, None)
    while day is not None:
        yield Hours(day)
        day = funnel.next_day(table, day + timedelta(days=1))
