"""A request is held for minutes at one of its calls, and another comes to its end meanwhile.

Then it goes on, or its call goes through and its process dies. Whatever it had decided by what
it had read must not be done any more where that has changed.
"""

import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from referrals.rules.programme import Programme
from tests.invariants import violations
from tests.proof.cases import USER
from tests.proof.sweep import Case, Deed, Scripted, living
from tests.recounted import recounted, undone
from tests.simulation.acts import Answers, Sending
from tests.simulation.faults import HOLDS, Call, Fault
from tests.simulation.history import KEYS, beginning, emulator
from tests.simulation.world import SECRET
from tests.tables import everything

# What takes the ground from under a request that has read and not yet written.
OTHERS = ("an erasure", "a refund")
_MINUTES = timedelta(minutes=3)


class Gone(BaseException):
    """The process is no more, and nobody sends again."""


class Held(Scripted):
    """A world in which the call of this number is held while somebody else acts."""

    def __init__(self) -> None:
        super().__init__()
        self.number, self.fault, self.meanwhile = 0, Fault.NONE, list[Deed]()
        self.answers, self.died = Answers(), False

    def before(self, call: Call) -> Fault:
        if self.died:
            raise Gone
        self.calls.append(call)
        if len(self.calls) != self.number:
            return Fault.NONE
        held = self.actor
        held.process.aside(self._meanwhile)
        self.actor, self.died = held, self.fault is Fault.HELD_CRASH
        return self.fault

    def _meanwhile(self) -> None:
        self.scheduler.now += _MINUTES
        for deed in self.meanwhile:
            deed.do(Sending(self.new_actor("another"), KEYS, self.answers))


class Meeting:
    """One case's request is held while another's comes to its end."""

    def __init__(self, held: Case, other: Case) -> None:
        self.held, self.other = held, other
        self._environment = held.environment | other.environment
        emulator().restore(beginning())
        world = Held()
        with living(world, self._environment):
            for deed in held.before:
                deed.do(Sending(world.actor, KEYS, world.answers))
        self._snapshot = emulator().snapshot()

    def all(self, about: int | None = None) -> Iterator[tuple[int, Fault, list[str]]]:
        """What is wrong after each of the request's calls was held, with either end.

        Of a request with many calls about so many of them are held, if that is given.
        """
        number, calls = 1, 1
        while number <= calls:
            if number == 1 or self._is_among(number, max(1, calls // about) if about else 1):
                for fault in HOLDS:
                    calls, wrong = self._run(number, fault)
                    yield number, fault, wrong
            number += 1

    def _is_among(self, number: int, one_in: int) -> bool:
        told = f"{self.held.function} {self.other.function} {number}"
        return zlib.crc32(told.encode()) % one_in == 0

    def _run(self, number: int, fault: Fault) -> tuple[int, list[str]]:
        emulator().restore(self._snapshot)
        world = Held()
        world.number, world.fault, world.meanwhile = number, fault, [self.other.act]
        world.scheduler.now += max(self.held.later, self.other.later)
        with living(world, self._environment):
            with suppress(Gone):
                self.held.act.do(Sending(world.new_actor("held"), KEYS, world.answers))
            world.number, world.died = 0, False
            table = world.actor.process.table
            if undone(table, SECRET.encode()).erasures:
                # One that was cut short is finished by the daily run.
                world.new_actor("schedule").invoke("reconcile", {})
            # Who had to wait for an erasure sends again, and need not wait any more.
            waited, world.answers.unanswered = world.answers.unanswered, []
            first = Counter(world.answers.statuses)
            for act in waited:
                act.do(Sending(world.new_actor("another"), KEYS, world.answers))
            again = world.answers.statuses - first
            refused = [how for how in first if how[1] >= 500 and not (waited and how[1] == 503)]
            refused += [how for how in again if how[1] >= 500]
            wrong = violations(table, Programme())
            wrong += recounted(table, SECRET.encode()).differences
            wrong += [f"{world.failures} failed"] if world.failures else []
            wrong += [f"answered {how}" for how in refused]
            wrong += world.unprovoked
            if world.answers.statuses["erase_user", 200]:
                wrong += [f"still named in {item['pk']}" for item in _naming(everything(table))]
        return len(world.calls), wrong


def _naming(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The referrals and the money that are still an erased person's."""
    return [
        item
        for item in items
        if item.get("referred_user_id") == USER
        or (item["pk"] == f"USER#{USER}" and item["sk"].startswith("LEDGER#"))
    ]
