"""What service keys use: counted by the month, and limited by no plan.

A product's machine sends all signups with one key. So its use is counted in lanes, each a partition
of its own, and not on its account.
"""

from datetime import datetime
from zlib import crc32

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import dynamodb_values
from referrals.rules.credits import Window, window_at
from referrals.store import keys


def count(table: Table, user_id: str, request_id: str, now: datetime) -> None:
    """Count a request that was served. Sent once: a repeated ADD would count twice."""
    lane = crc32(request_id.encode()) % keys.LANES
    table.add(
        keys.use(user_id, window_at(Window.MONTH, now), lane),
        UpdateExpression="ADD requests :one",
        ExpressionAttributeValues=dynamodb_values({":one": 1}),
    )


def of_month(table: Table, user_id: str, now: datetime) -> int:
    """The requests of the month so far."""
    month = window_at(Window.MONTH, now)
    found = table.get_many([keys.use(user_id, month, lane) for lane in range(keys.LANES)])
    return sum(item["requests"] for item in found.values())
