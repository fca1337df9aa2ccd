"""What every handler stands on: the settings and the table, made once per process."""

import random
from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.dynamodb.table import Table
from referrals.edge.settings import in_lambda, settings
from referrals.edge.telemetry import Metric, count, logger
from referrals.rules.errors import WrongSecret
from referrals.rules.ids import fingerprint
from referrals.store.fingerprint import fits, leave

# One more call that takes its time, and the answer.
_TO_ANSWER = 4.0


@cache
def table() -> Table:
    """The table that the environment names."""
    return Table.connect(settings().table_name)


def give_time(context: LambdaContext) -> None:
    """Let the table be waited for as long as this invocation can, and still be answered."""
    _have_own_chance()
    table().allow(context.get_remaining_time_in_millis() / 1000 - _TO_ANSWER)


@cache
def _have_own_chance() -> None:
    """Processes that start from one snapshot would all draw the same pauses between tries."""
    random.seed()


def hashing_secret(*, derives_ids: bool = False) -> bytes:
    """The key of every keyed hash and cursor. WrongSecret where the table's ids have another's.

    Under another secret a user who was referred looks like one who was not. Whoever is the first
    to derive what stays, ids or hashes, leaves the secret's fingerprint in the table.
    """
    secret = settings().hashing_secret
    agrees = leave if derives_ids else fits
    if not agrees(table(), fingerprint(secret)):
        logger.error("the table's ids were derived with another hashing secret: see the runbook")
        count(Metric.WRONG_SECRETS)
        raise WrongSecret("the service is being restored")
    return secret


def table_of_money() -> Table:
    """The table, for what moves money by ids that were derived already.

    WrongSecret as above: what was restored beside another secret is in nobody's service yet.
    """
    hashing_secret()
    return table()


# A start has a whole processor to itself, the first request a part of one.
if in_lambda():
    table()
