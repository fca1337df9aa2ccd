"""What happened is sent to who listens; every minute also what did not arrive and is due."""

from typing import Any

from referrals.acts.delivering import deliver_due, deliver_new
from referrals.edge import clock, service
from referrals.edge.schedules import invoked
from referrals.edge.telemetry import Metric, count
from referrals.edge.webhook_courier import usual_courier


@invoked
def handler(event: dict[str, Any]) -> dict[str, int]:
    """From publish_events an endpoint and referrals of which there is news, or whatever is due."""
    table, courier, run = service.table(), usual_courier(), str(clock.new_ulid(clock.now()))
    if "referrals" in event:
        done = deliver_new(table, event["endpoint"], event["referrals"], courier, run)
    else:
        done = deliver_due(table, courier, run)
    arrived, failed = sum(one.arrived for one in done), sum(bool(one.problem) for one in done)
    count(Metric.EVENTS_DELIVERED, arrived)
    count(Metric.FAILED_DELIVERIES, failed)
    count(Metric.ENDPOINTS_SWITCHED_OFF, sum(one.switched_off for one in done))
    return {"arrived": arrived, "failed": failed}
