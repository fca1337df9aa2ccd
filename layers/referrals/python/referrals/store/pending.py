"""Which attributions are owed rewards, by the time at which they are tried next."""

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.store import keys


def entries(table: Table) -> list[Item]:
    """All that is owed, next attempt first. The index may be behind."""

    def read(lane: int) -> list[Item]:
        return list(table.query_index(keys.PENDING_GRANTS, ("pending", str(lane))))

    found = [entry for lane in side_by_side(read, range(keys.LANES)) for entry in lane]
    return sorted(found, key=lambda entry: str(entry["next_attempt_at"]))
