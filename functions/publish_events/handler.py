"""The table's stream: who is to be told of what was written is handed to who delivers."""

from collections.abc import Iterator
from typing import Any

from referrals.acts.publishing import news
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.values import plain
from referrals.edge import clock, service, starting
from referrals.edge.schedules import invoked
from referrals.edge.settings import settings
from referrals.edge.telemetry import unexpected
from referrals.rules.events import Step
from referrals.store import trail

# Of one endpoint: more than a courier has at once, and not so many that one waits for long.
AT_ONCE = 16


@invoked
def handler(event: dict[str, Any]) -> dict[str, int]:
    bus_met_at = clock.now() if settings().event_bus else None
    told = news(service.table(), list(_steps(event["Records"])), bus_met_at)
    starts = [
        {"endpoint": endpoint_id, "referrals": referrals[first : first + AT_ONCE]}
        for endpoint_id, referrals in told.items()
        for first in range(0, len(referrals), AT_ONCE)
    ]
    side_by_side(lambda one: starting.start(settings().deliver_events, one), starts)
    return {"records": len(event["Records"]), "told": sum(map(len, told.values()))}


def _steps(records: list[dict[str, Any]]) -> Iterator[tuple[str, Step]]:
    for record in records:
        try:
            found = trail.step_of(plain(record["dynamodb"]["NewImage"]))
        except (LookupError, TypeError, ValueError) as error:
            # The others of its shard must not wait for it until the stream forgets it.
            unexpected(error)
            continue
        if found is not None:
            yield found
