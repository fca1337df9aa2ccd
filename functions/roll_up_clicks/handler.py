"""Every hour: clicks of closed hours are counted, and the counts of closed days folded."""

from referrals.acts.fold import fold
from referrals.acts.roll_up import roll_up
from referrals.edge import clock, service
from referrals.edge.schedules import scheduled


@scheduled
def handler() -> dict[str, int]:
    table, now = service.table(), clock.now()
    return {"hours": roll_up(table, now), "shards": fold(table, now)}
