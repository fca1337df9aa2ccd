"""What modules of the service take for the standard library's: time, dice and threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass
class Time:
    """What modules take for the `time` module."""

    world: "World"

    def sleep(self, seconds: float) -> None:
        self.world.wait(seconds)

    def time(self) -> float:
        return self.world.now.timestamp()

    monotonic = time


@dataclass
class Dice:
    """What modules take for the `random` module."""

    world: "World"

    def random(self) -> float:
        return self.world.actor.chance.random()

    def uniform(self, low: float, high: float) -> float:
        return self.world.actor.chance.uniform(low, high)


class InTurn:
    """What is done side by side, done in turn: an order that threads might take too."""

    def __init__(self, **_: Any) -> None:
        pass

    def __enter__(self) -> "InTurn":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @staticmethod
    def map(act: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
        return [act(one) for one in inputs]


def nothing(*_: Any, **__: Any) -> None:
    """Metrics go nowhere."""
