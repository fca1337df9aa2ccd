"""One point of a curve: so many requests a second come, and what becomes of them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, TypeVar

from tests.load.dynamodb import Physics
from tests.load.scenarios import NOON, Scenario
from tests.load.world import LoadWorld, TableAlone

W = TypeVar("W", bound=LoadWorld)

_REQUESTS = 400
_LONGEST = 10.0


@dataclass(frozen=True)
class Point:
    """What came a second, and what was done a second; the shares of all, and milliseconds."""

    scenario: str
    offered: float
    completed: float
    busy: float
    failed: float
    p50: float
    p99: float
    hold: float
    throttled: int
    conflicts: int

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Answered:
    """Statuses and the seconds that they took, in the order of the answers."""

    seconds: list[float] = field(default_factory=list)
    in_time: int = 0
    busy: int = 0
    failed: int = 0

    @property
    def all(self) -> int:
        return len(self.seconds) + self.busy + self.failed


@cache
def emulator() -> TableAlone:
    """One for all points."""
    return TableAlone()


_prepared: dict[str, tuple[int, dict[str, dict[str, Any]]]] = {}


def point(scenario: Scenario, rate: float, physics: Physics, *, requests: int = _REQUESTS) -> Point:
    """Requests at this rate, as they come by chance; long enough for a jam to build up."""
    lasts = min(_LONGEST, requests / rate)
    chance, arrivals, at = Random(rate), list[float](), 0.0
    while (at := at + chance.expovariate(rate)) < lasts:
        arrivals.append(at)
    world = world_of(scenario, len(arrivals))
    answered = Answered()
    with world.inhabited(scenario.environment, {}):
        world.begin(physics)
        end = world.now + timedelta(seconds=lasts)
        for arrival, make in zip(arrivals, scenario.requests(world), strict=False):
            act = _act(world, make, answered, end)
            world.scheduler.start(act, world.now + timedelta(seconds=arrival))
        world.scheduler.run()
    took = sorted(answered.seconds) or [0.0]
    return Point(
        scenario=scenario.name,
        offered=rate,
        completed=round(answered.in_time / lasts, 1),
        busy=round(answered.busy / answered.all, 4),
        failed=round(answered.failed / answered.all, 4),
        p50=round(1000 * took[len(took) // 2]),
        p99=round(1000 * took[int(len(took) * 0.99)]),
        hold=physics.hold,
        throttled=world.dynamodb.throttled,
        conflicts=world.dynamodb.conflicts,
    )


def world_of(scenario: Scenario, number: int, kind: type[W] = LoadWorld) -> W:  # type: ignore[assignment]
    """The world of a scenario, with so many who may pay; what was prepared serves again."""
    table = emulator()
    world = kind(table, 0, NOON)
    prepared, snapshot = _prepared.get(scenario.name, (0, {}))
    if prepared < number:
        table.restore({})
        with world.inhabited(scenario.environment, {}):
            scenario.prepare(world, number)
        snapshot = table.snapshot()
        _prepared[scenario.name] = number, snapshot
    table.restore(snapshot)
    return world


def _act(
    world: LoadWorld, make: Callable[[], Any], answered: Answered, end: Any
) -> Callable[[], None]:
    def act() -> None:
        began = world.now
        request = world.actor = world.new_actor(f"at {began.timestamp()}")
        function, event = make()
        answer = request.invoke(function, event)
        world.idle.append(request.process)
        status = answer["statusCode"] if answer else 0
        # A followed link leads on whatever becomes of its click: with a cookie it was kept.
        if status == 200 or (status == 302 and answer["cookies"]):
            answered.seconds.append((world.now - began).total_seconds())
            answered.in_time += world.now <= end
        elif status in (429, 503):
            answered.busy += 1
        else:
            answered.failed += 1

    return act
