"""Every hour: the clicks of closed hours are counted once, so that stats need not read them."""

from referrals.edge import clock, service
from referrals.edge.telemetry import scheduled
from referrals.views.funnel import roll_up


@scheduled
def handler() -> dict[str, int]:
    return {"hours": roll_up(service.table(), clock.now())}
