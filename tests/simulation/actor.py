"""Someone who sends requests: one at a time, unless one is held on its way and sent again."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.faults import HOLDS, Call, Crash, Fault
from tests.simulation.process import Process
from tests.simulation.scheduler import GIVEN_UP

if TYPE_CHECKING:
    from tests.simulation.world import World

_TOO_BUSY = 503
_GATEWAYS_PATIENCE = timedelta(seconds=29)
# Which call of a request is held: one of its first transactions, writes, or calls of any kind.
_HELD_AT: tuple[tuple[Callable[[Call], bool], int], ...] = (
    (lambda call: call.operation == "TransactWriteItems", 3),
    (lambda call: call.writes, 8),
    (lambda call: True, 24),
)
_HELD_WEIGHTS = (3, 1, 1)


@dataclass
class Hold:
    """The call at which a request is held, counted among those of its kind, and what follows."""

    counts: Callable[[Call], bool]
    number: int
    fault: Fault

    @classmethod
    def drawn(cls, chance: Random) -> "Hold":
        ((counts, most),) = chance.choices(_HELD_AT, _HELD_WEIGHTS)
        return cls(counts, chance.randint(1, most), chance.choices(HOLDS, [1, 3])[0])

    def meets(self, call: Call) -> bool:
        """Whether this is the call."""
        self.number -= self.counts(call)
        return self.number == 0 and self.counts(call)


@dataclass
class Actor:
    """Someone who sends requests, with dice of their own: others' fates do not change theirs."""

    world: "World"
    name: str
    chance: Random
    process: Process = field(init=False)
    rate: float = field(init=False)
    calls: int = 0
    struck: int = 0
    hold: Hold | None = None

    def __post_init__(self) -> None:
        self.process = self.world.new_process(self.chance)
        faults = self.world.faults
        self.rate = 0.0 if self.chance.random() < faults.lucky else faults.rate

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """What the function answers; None where it failed, died, or took too long."""
        self.world.actor = self
        if "requestContext" in event:
            # An id decides where a service key's use is counted: its own in every world.
            event["requestContext"]["requestId"] = self.world.new_request_id()
        held = self.chance.random() < self.world.faults.held
        self.hold = Hold.drawn(self.chance) if held else None
        answer = self.world.scheduler.ask(lambda: self._served(function, event))
        self.world.actor = self
        if answer is GIVEN_UP:
            # A person sends again where they want to, Lambda always.
            return None if event else self.invoke(function, event)
        return answer

    def _served(self, function: str, event: dict[str, Any]) -> dict[str, Any] | None:
        process, struck, answer = self.process, self.struck, None
        if function == "roll_up_clicks":
            self.world.note_roll_up()
        try:
            answer = process.invoke(function, event)
        except Crash:
            if self.process is process:
                self.process = self.world.new_process(self.chance)
            return None
        except Exception:
            # A schedule's failure: Lambda tells nobody but the log.
            self.world.failures += 1
        # Also of one that was held, whom nobody hears any more.
        me = self.world.actor
        status = 500 if answer is None else answer.get("statusCode", 200)
        # One that was held has no time left to wait for others; and nobody knows what credits are
        # left while an erasure moves them.
        for_now = status == _TOO_BUSY and (me is not self or self.world.emulator.erasing)
        if me.struck == struck and status >= 500 and not for_now:
            self.world.unprovoked.append(f"{me.name}: {function} failed though nothing was wrong")
        return answer

    def go_on_alone(self) -> "Actor":
        """The request, now that its client gives up; the client goes on as another, elsewhere."""
        alone = copy(self)
        alone.hold = None
        self.struck += 1
        self.name, self.calls = f"{self.name}, sent again", 0
        self.chance = Random(f"{self.world.seed}/{self.name}")
        # What went wrong once need not go wrong twice.
        self.rate *= self.chance.choice([0, 1])
        self.process = self.world.new_process(self.chance)
        self.world.scheduler.go_on_alone(_GATEWAYS_PATIENCE)
        return alone

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.process.aside(lambda: self.world.scheduler.wait(timedelta(seconds=seconds)))
        self.world.actor = self
