"""Every minute: clicks are counted, referrers ranked. Once an hour: what counts came is folded."""

from referrals.acts.fold import fold_hourly
from referrals.acts.ranking import rank
from referrals.acts.roll_up import roll_up
from referrals.edge import clock, service
from referrals.edge.schedules import scheduled
from referrals.store.runs import Schedule


@scheduled(Schedule.ROLL_UP)
def handler() -> dict[str, int]:
    table, now = service.table(), clock.now()
    return {
        "minutes": roll_up(table, now),
        "shards": fold_hourly(table, now),
        "ranked": rank(table, now),
    }
