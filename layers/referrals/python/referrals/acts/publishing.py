"""Publishing: which referrals have news for which endpoint, from what the table's stream tells.

A record says only where to look. What comes twice, late or in another order changes nothing.
"""

from collections.abc import Sequence

from referrals.dynamodb.table import Table
from referrals.rules.events import Step
from referrals.store import webhook_endpoints

# Referrals by endpoint, in the order of their records.
News = dict[str, list[str]]


def news(table: Table, steps: Sequence[tuple[str, Step]]) -> News:
    """Who is to be told of steps, each with its referral. One read, and none where nothing is news.

    Endpoints that are switched off are told by a replay.
    """
    if not steps:
        return {}
    told: News = {}
    for endpoint in webhook_endpoints.every(table):
        concerned = dict.fromkeys(
            attribution_id
            for attribution_id, step in steps
            if endpoint.enabled and endpoint.hears(step)
        )
        if concerned:
            told[endpoint.id] = list(concerned)
    return told
