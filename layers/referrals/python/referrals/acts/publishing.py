"""Publishing: which referrals have news for which endpoint, from what the table's stream tells.

A record says only where to look. What comes twice, late or in another order changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from referrals.dynamodb.table import Table
from referrals.rules.events import Step
from referrals.store import webhook_endpoints

# Referrals by endpoint, in the order of their records.
News = dict[str, list[str]]


def news(
    table: Table, steps: Sequence[tuple[str, Step]], bus_met_at: datetime | None = None
) -> News:
    """Who is to be told of steps, each with its referral. One read, and none where nothing is news.

    Endpoints that are switched off are told by a replay. Where a bus is named, and met for the
    first time, it hears from the first of the steps on.
    """
    if not steps:
        return {}
    told: News = {}
    endpoints = webhook_endpoints.every(table)
    if bus_met_at is not None and not any(one.is_bus for one in endpoints):
        first = min(step.at for _, step in steps)
        endpoints = (*endpoints, webhook_endpoints.meet_bus(table, first, bus_met_at))
    for endpoint in endpoints:
        concerned = dict.fromkeys(
            attribution_id
            for attribution_id, step in steps
            if endpoint.enabled and endpoint.hears(step)
        )
        if concerned:
            told[endpoint.id] = list(concerned)
    return told
