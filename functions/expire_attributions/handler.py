"""Every day: attributions whose window is over expire."""

from referrals.edge import clock, service
from referrals.edge.settings import settings
from referrals.edge.telemetry import scheduled
from referrals.rules.attribution import Actor
from referrals.store.expiry import expire_due


@scheduled
def handler() -> dict[str, int]:
    actor = Actor(name="schedule", at=clock.now(), why="window over")
    secret = settings().hashing_secret
    return {"expired": expire_due(service.table(), secret, settings().programme, actor)}
