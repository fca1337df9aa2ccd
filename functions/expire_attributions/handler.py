"""Every day: attributions whose window is over expire."""

from referrals.acts.expiry import expire_due
from referrals.edge import clock, service
from referrals.edge.schedules import scheduled
from referrals.edge.settings import settings
from referrals.edge.telemetry import count_outcomes
from referrals.rules.attribution import Actor, Status
from referrals.store.runs import Schedule


@scheduled(Schedule.EXPIRY)
def handler() -> dict[str, int]:
    actor = Actor(name="schedule", at=clock.now(), why="window over")
    secret = service.hashing_secret()
    expired = 0
    for outcome in expire_due(service.table(), secret, settings().programme, actor):
        count_outcomes([outcome])
        expired += outcome.attribution.status is Status.EXPIRED
    return {"expired": expired}
