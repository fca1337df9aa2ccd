"""Which attributions recovery has something to do for, by the time at which they are tried next."""

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


def entries(table: Table, *, late: bool = True) -> list[Item]:
    """The grants that are owed, or (not `late`) what waits for customers and what claims ask of
    the outside; next attempt first. The index may be behind."""

    def read(lane: int) -> list[Item]:
        partition = "pending", keys.pending(lane, late=late)
        return list(table.query_index(keys.PENDING_GRANTS, partition))

    found = [entry for lane in side_by_side(read, range(keys.LANES)) for entry in lane]
    return sorted(found, key=lambda entry: str(entry["next_attempt_at"]))
