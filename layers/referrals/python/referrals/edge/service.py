"""What every handler stands on: the settings and the table, made once per process."""

from functools import cache

from referrals.dynamodb.table import Table
from referrals.edge.settings import in_lambda, settings


@cache
def table() -> Table:
    """The table that the environment names."""
    return Table.connect(settings().table_name)


# A start has a whole processor to itself, the first request a part of one.
if in_lambda():
    table()
