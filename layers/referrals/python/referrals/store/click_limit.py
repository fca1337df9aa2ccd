"""The limit on clicks of one address (hashed) in one minute."""

from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import dynamodb_values
from referrals.rules.errors import LimitExceeded
from referrals.store import keys


def take(table: Table, ip_hash: str, limit: int, now: datetime) -> None:
    """Count one click against the minute. LimitExceeded where the minute is full.

    Trouble with the counter lets the click pass: a visitor is worth more than the limit.
    """
    minute = now.replace(second=0, microsecond=0)
    key = keys.click_limit(ip_hash, minute.strftime("%Y%m%d%H%M"))
    try:
        table.add(
            key,
            again=True,
            UpdateExpression="ADD clicks :one SET expires_epoch = :end",
            ConditionExpression="attribute_not_exists(clicks) OR clicks < :limit",
            ExpressionAttributeValues=dynamodb_values(
                {
                    ":one": 1,
                    ":limit": limit,
                    ":end": int((minute + timedelta(hours=1)).timestamp()),
                }
            ),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            return
        raise LimitExceeded("click limit exceeded", retry_after=max(60 - now.second, 1)) from error
    except BotoCoreError:
        return
