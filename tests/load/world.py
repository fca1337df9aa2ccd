"""A world without faults, in which requests come as they do under load and time is what counts."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

from referrals.dynamodb import side_by_side
from tests.functions.client import Context
from tests.load.dynamodb import FREE, DynamoDB, Physics
from tests.simulation.emulator import Emulator
from tests.simulation.faults import Call, Client, Crash
from tests.simulation.process import Process
from tests.simulation.world import Actor, Faults, World

_SDK_ATTEMPTS = 4
TIMEOUT = 10.0


class _Context(Context):
    """An invocation that has just begun."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._timeout = timeout

    def get_remaining_time_in_millis(self) -> int:
        return int(self._timeout * 1000)


@dataclass
class Request(Actor):
    """One request in a warm process of its own, which Lambda ends when its time is over."""

    timeout: float = TIMEOUT
    ends: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.ends = self.world.now + timedelta(seconds=self.timeout)
        super().__post_init__()
        self.process.context = _Context(self.timeout)


class LoadWorld(World):
    """Time passes by what DynamoDB and the SDK take; nothing else goes wrong."""

    actor: Request

    def __init__(self, emulator: "TableAlone", seed: int, start: datetime) -> None:
        self.dynamodb = DynamoDB(emulator, FREE)
        self.idle: list[Process] = []
        super().__init__(emulator, seed, start, Faults())
        self._clients = [SdkClient(emulator, self, attempts) for attempts in (_SDK_ATTEMPTS, 1)]
        self.actor = self.new_actor("setup")

    def new_actor(self, name: str, timeout: float = TIMEOUT) -> Request:
        return Request(self, name, Random(f"{self.seed}/{name}"), timeout=timeout)

    def new_process(self, chance: Random) -> Process:
        return self.idle.pop() if self.idle else super().new_process(chance)

    def begin(self, physics: Physics) -> None:
        """From here on calls take time."""
        self.dynamodb = DynamoDB(self.emulator, physics)

    def carry(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        """A call, from the process to DynamoDB and back."""
        half = self.dynamodb.physics.trip / 2
        self.wait(half)
        answer, lasts = self.dynamodb.answer(call, body, self.now.timestamp())
        self.wait(half + lasts)
        return answer

    def wait(self, seconds: float) -> None:
        request = self.actor
        request.wait(seconds)
        if self.now > request.ends:
            raise Crash

    @contextmanager
    def inhabited(self, environment: Any, plans: Any) -> Any:
        executor = lambda **_: AtOnce(self)  # noqa: E731
        with (
            super().inhabited(environment, plans),
            patch.object(side_by_side, "ThreadPoolExecutor", executor),
        ):
            yield


class SdkClient(Client):
    """Repeats after as long as the SDK's standard mode does."""

    def _send(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        world: Any = self.weather
        answer: tuple[int, dict[str, Any]] = world.carry(call, body)
        return answer

    def _backoff(self, number: int) -> float:
        world: Any = self.weather
        return float(world.actor.chance.random() * min(2 ** (number - 1), 20))


@dataclass
class AtOnce:
    """What is done side by side is done at the same time."""

    world: LoadWorld

    def __enter__(self) -> "AtOnce":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, act: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
        world, me = self.world, self.world.actor
        answers: dict[int, Any] = {}
        failures: list[BaseException] = []
        waiting = list(enumerate(inputs))[::-1]

        def work() -> None:
            world.actor = me
            me.process.resume()
            try:
                while waiting and not failures:
                    place, one = waiting.pop()
                    answers[place] = act(one)
            except BaseException as failure:
                failures.append(failure)

        workers = min(side_by_side._WIDTH, len(inputs))
        me.process.aside(lambda: world.scheduler.together([work] * workers))
        world.actor = me
        if failures:
            raise failures[0]
        return [answers[place] for place in range(len(inputs))]


class TableAlone(Emulator):
    """Keeps no past versions: nobody looks back."""

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """All items, by key, as DynamoDB's own forms."""
        held: dict[str, dict[str, Any]] = self._table["items"]
        return held

    def _note(self) -> None:
        pass
