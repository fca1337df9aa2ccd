"""The scheduled recovery of many grants that are due, beside payments that come meanwhile."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from referrals.rules import life
from referrals.rules.attribution import Actor, Attribution, Change, Status
from referrals.rules.ids import attribution_id
from referrals.rules.payment import InvoicePaid, Payment
from referrals.rules.programme import Programme
from referrals.store import attributions, codes
from tests.load.dynamodb import Physics
from tests.load.running import Answered, _act, emulator, world_of
from tests.load.scenarios import NOON, SCENARIOS, SPREAD, _code
from tests.load.world import LoadWorld
from tests.simulation.world import SECRET

_EVERY = timedelta(minutes=5)
_HELD = Programme(hold_days=7)
_TIMEOUT = 120.0
PAYMENTS = 100.0


@dataclass(frozen=True)
class Recovered:
    """How many rewards were due, how many were granted after how many seconds, and put off."""

    due: int
    granted: int
    seconds: float
    put_off: int
    runs: int
    payments_p99: float
    payments_failed: float

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def recovered(referrals: int, physics: Physics, *, lasts: float, runs: int) -> Recovered:
    """Both rewards of so many referrals are due; payments come for `lasts` seconds."""
    beside = SCENARIOS[f"payments, {SPREAD}"]
    world = world_of(beside, int(PAYMENTS * lasts * 1.2))
    answered, chance = Answered(), Random(1)
    with world.inhabited({}, {}):
        _owe(world, referrals)
        world.begin(physics)
        began, end = world.now, world.now + timedelta(seconds=lasts)
        at = 0.0
        for make in beside.requests(world):
            at += chance.expovariate(PAYMENTS)
            if at > lasts:
                break
            act = _act(world, make, answered, end)
            world.scheduler.start(act, began + timedelta(seconds=at))
        ended: list[datetime] = []
        for run in range(runs):
            world.scheduler.start(_schedule(world, ended), began + run * _EVERY)
        world.scheduler.run()
    took = sorted(answered.seconds) or [0.0]
    owed = [item for item in _referrals() if "pending" in item]
    late = began + timedelta(minutes=30)
    return Recovered(
        due=2 * referrals,
        granted=2 * (referrals - len(owed)),
        seconds=round((ended[-1] - began).total_seconds(), 1) if ended else 0,
        put_off=sum(item["next_attempt_at"]["S"] > f"{late:%FT%T}" for item in owed),
        runs=len(ended),
        payments_p99=round(1000 * took[int(len(took) * 0.99)]),
        payments_failed=round((answered.busy + answered.failed) / max(answered.all, 1), 4),
    )


def _schedule(world: LoadWorld, ended: list[datetime]) -> Callable[[], None]:
    def act() -> None:
        if not any("pending" in item for item in _referrals()):
            return
        schedule = world.actor = world.new_actor(f"schedule at {world.now}", timeout=_TIMEOUT)
        schedule.invoke("recover_grants", {})
        ended.append(world.now)

    return act


def _referrals() -> list[dict[str, Any]]:
    held = emulator().items
    return [items["ATTRIBUTION"] for items in held.values() if "ATTRIBUTION" in items]


def _owe(world: LoadWorld, referrals: int) -> None:
    """Referrals of a week ago, whose hold ends now."""
    table, then = world.actor.process.table, NOON - timedelta(days=8)
    by = Actor(name="product", at=then, why="signup")
    owners = [codes.get(table, _code(one)) for one in range(200)]
    for number in range(referrals):
        owner = owners[number % len(owners)]
        assert owner is not None
        one = Attribution(
            id=attribution_id(SECRET.encode(), f"owed{number}"),
            code=owner.code,
            referrer_user_id=owner.user_id,
            referred_user_id=f"owed{number}",
            status=Status.ATTRIBUTED,
            created_at=then,
            expires_at=then + _HELD.window,
            utm_campaign="launch",
        )
        born = attributions.commit(table, Change(before=None, after=one), monthly_cap=10**9)
        paid = InvoicePaid(
            invoice_id=f"in_owed{number}",
            customer_id=f"cus_owed{number}",
            event_id=f"evt_owed{number}",
            amount_paid=4900,
            currency="eur",
            billing_reason="subscription_create",
            paid_at=then,
        )
        change = life.meet_payment(born, Payment(invoice=paid), (), _HELD, by)
        assert change is not None
        attributions.commit(table, replace(change), monthly_cap=10**9)
