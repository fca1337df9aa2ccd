"""Which attributions recovery has something to do for, by the time at which they are tried next."""

from collections.abc import Sequence
from itertools import islice

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.store import keys


def oldest(table: Table) -> Item | None:
    """What is owed and tried next, or None. The index may be behind."""

    def read(lane: int) -> list[Item]:
        found = table.query_index(
            keys.PENDING_GRANTS, ("pending", keys.pending(lane, late=True)), page=1
        )
        return list(islice(found, 1))

    heads = [entry for lane in side_by_side(read, range(keys.LANES)) for entry in lane]
    return min(heads, key=lambda entry: str(entry["next_attempt_at"]), default=None)


def entries(table: Table) -> list[Item]:
    """The grants that are owed, next attempt first. The index may be behind."""
    return _read(table, late=(True,))[0]


def all_entries(table: Table) -> tuple[list[Item], list[Item]]:
    """The same; and in the same order what waits for customers and what claims ask of the
    outside."""
    late, aside = _read(table, late=(True, False))
    return late, aside


def _read(table: Table, *, late: Sequence[bool]) -> list[list[Item]]:
    """By kind, from all lanes at once."""

    def read(partition: str) -> list[Item]:
        return list(table.query_index(keys.PENDING_GRANTS, ("pending", partition)))

    lanes = [keys.pending(lane, late=kind) for kind in late for lane in range(keys.LANES)]
    found = iter(side_by_side(read, lanes))
    kinds = [[one for lane in islice(found, keys.LANES) for one in lane] for _ in late]
    return [sorted(kind, key=lambda one: str(one["next_attempt_at"])) for kind in kinds]
