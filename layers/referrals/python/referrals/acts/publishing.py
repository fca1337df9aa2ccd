"""Publishing: which referrals have news for which endpoint, from what the table's stream tells.

A record says only where to look. What comes twice, late or in another order changes nothing.
"""

from collections.abc import Iterable

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.store import trail, webhook_endpoints

# Referrals by endpoint, in the order of their records.
News = dict[str, list[str]]


def news(table: Table, written: Iterable[Item]) -> News:
    """Who is to be told of the items that were written. One read, and none where nothing is news.

    Endpoints that are switched off are told by a replay.
    """
    steps = [found for found in map(trail.step_of, written) if found is not None]
    if not steps:
        return {}
    told: News = {}
    for endpoint in webhook_endpoints.every(table):
        concerned = dict.fromkeys(
            attribution_id
            for attribution_id, step in steps
            if endpoint.enabled and step.entry.at >= endpoint.since and endpoint.wants(step.type)
        )
        if concerned:
            told[endpoint.id] = list(concerned)
    return told
