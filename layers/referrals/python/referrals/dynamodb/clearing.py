"""Clearing a partition: every item of it is deleted, as far as there is time."""

from itertools import islice

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Key

_AT_ONCE = 16


def cleared(table: Table, pk: str) -> bool:
    """Delete the items under a partition key, some at a time; False where time ran out."""
    items = table.query(pk, only=("pk", "sk"))
    while some := list(islice(items, _AT_ONCE)):
        places = [Key(item["pk"], item["sk"]) for item in some]
        side_by_side(lambda place: table.write(table.delete("left", place)), places)
        if not table.in_time:
            return False
    return True
