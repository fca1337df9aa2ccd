"""How soon events are with who listens: the real handlers, from commit to receiver."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from random import Random
from typing import Any

from referrals.store import webhook_endpoints
from referrals.store.webhook_endpoints import Endpoint
from tests.load.dynamodb import Physics
from tests.load.running import Answered, _act, world_of
from tests.load.scenarios import NOON, SCENARIOS, SPREAD
from tests.load.streaming import COLD, HANGS, TAKEN, EventsWorld
from tests.load.world import LoadWorld

# A signup is one event, a payment four.
_EVENTS_A_REQUEST = 2.5
# What comes earlier meets processes that are still starting.
_WARM_AFTER = 2.0


@dataclass(frozen=True)
class Heard:
    """How many events came a second, milliseconds until they had arrived, and what that took."""

    scenario: str
    rate: float
    events: int
    missing: int
    p50: float
    p99: float
    p99_at_first: float
    executions: int
    connections: int
    hold: float

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def heard(
    rate: float, physics: Physics, *, lasts: float, hangs: bool = False, warm: bool = False
) -> Heard:
    """So many events a second, half of the requests signups and half payments.

    Unless all is warm from the beginning, what comes at first is told apart.
    """
    scenario, chance = SCENARIOS[f"both, {SPREAD}"], Random(rate)
    arrivals, at = list[float](), 0.0
    while (at := at + chance.expovariate(rate / _EVENTS_A_REQUEST)) < lasts:
        arrivals.append(at)
    world = world_of(scenario, len(arrivals), EventsWorld)
    answered, urls = Answered(), [TAKEN, HANGS] if hangs else [TAKEN]
    with world.inhabited({}, {}):
        for number, url in enumerate(urls):
            _listen(world, f"we_{number}", url)
        world.begin(physics)
        world.functions.cold = 0 if warm else COLD
        began = world.now
        for arrival, make in zip(arrivals, scenario.requests(world), strict=False):
            act = _act(world, make, answered, began)
            world.scheduler.start(act, began + timedelta(seconds=arrival))
        world.scheduler.run()
    assert not answered.failed
    assert not answered.busy
    receiver, by = world.receiver, began + timedelta(seconds=0 if warm else _WARM_AFTER)
    took = [(at, (receiver.came[one] - at) / timedelta(milliseconds=1))
            for one, at in world.committed.items() if one in receiver.came]  # fmt: skip
    later = sorted(each for at, each in took if at >= by)
    first = sorted(each for at, each in took if at < by) or [0.0]
    return Heard(
        scenario="events, one endpoint" + (" and one that hangs" if hangs else ""),
        rate=rate,
        events=len(world.committed),
        missing=len(world.committed) - len(took),
        p50=round(later[len(later) // 2]),
        p99=round(later[int(len(later) * 0.99)]),
        p99_at_first=round(first[int(len(first) * 0.99)]),
        executions=world.functions.most,
        connections=receiver.connections,
        hold=physics.hold,
    )


def _listen(world: LoadWorld, endpoint_id: str, url: str) -> None:
    since = NOON + timedelta(milliseconds=1)
    one = Endpoint(
        id=endpoint_id, url=url, types=frozenset(), since=since, created_at=since, salt="salt"
    )
    webhook_endpoints.create(world.actor.process.table, one)
