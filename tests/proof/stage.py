"""A table on which one thing at a time goes wrong: by script, not by chance."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from referrals.dynamodb.table import Table
from tests.proof.conditions import Clause, asking_function, clauses_of, without, writes_of
from tests.simulation.emulator import Emulator
from tests.simulation.faults import Call, Client, Fault

Act = Callable[[], object]
_SDK_ATTEMPTS = 4


@dataclass
class Stage:
    """Calls are numbered from 1; `script` says which of them meet which fault."""

    emulator: Emulator
    script: dict[int, Fault] = field(default_factory=dict)
    mutant: Clause | None = None
    clauses: set[Clause] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    _tokens: Iterator[int] = field(default_factory=itertools.count)
    _late: list[Act] = field(default_factory=list)
    _interruptions: list[tuple[str, str, Act]] = field(default_factory=list)

    def table(self) -> Table:
        """The table as a process sees it."""
        table = Table(self.emulator.name, _Client(self.emulator, self, _SDK_ATTEMPTS))  # type: ignore[arg-type]
        table.__dict__["unrepeated"] = _Client(self.emulator, self, 1)
        return table

    def just_before(self, operation: str, place: str, act: Act) -> None:
        """Do something once, when the first such request is on its way; `place` is a pattern."""
        self._interruptions.append((operation, place, act))

    @property
    def waiting(self) -> list[str]:
        """The requests that were waited for in vain."""
        return [f"{operation} {place}" for operation, place, _ in self._interruptions]

    def arrive(self) -> None:
        """What was given up arrives now."""
        late, self._late = self._late, []
        for act in late:
            act()

    def changed(self, call: Call) -> Call:
        """The request as the mutant sends it; every clause that it holds is noted."""
        function = asking_function()
        for kind, arguments in writes_of(*call):
            self.clauses.update(clauses_of(function, kind, arguments))
        if self.mutant is None or not call.writes:
            return call
        changed = [
            {kind: without(self.mutant, function, kind, arguments)}
            for kind, arguments in writes_of(*call)
        ]
        if call.operation == "TransactWriteItems":
            return Call(call.operation, {**call.arguments, "TransactItems": changed})
        ((arguments,),) = (write.values() for write in changed)
        return Call(call.operation, arguments)

    # See faults.Weather.

    def before(self, call: Call) -> Fault:
        for interruption in list(self._interruptions):
            operation, place, act = interruption
            if call.operation == operation and re.search(place, call.places):
                self._interruptions.remove(interruption)
                act()
        self.calls.append(call)
        return self.script.get(len(self.calls), Fault.NONE)

    def after(self, call: Call, fault: Fault, result: str) -> None:
        """Nobody needs to know."""

    def wait(self, seconds: float) -> None:
        """What was given up by then arrives while others wait."""
        self.arrive()

    def later(self, act: Act) -> None:
        self._late.append(act)

    def index_answer(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        return self.emulator.ask_behind(call.operation, body, Random(0))

    def token(self) -> str:
        return f"token-{next(self._tokens)}"


class _Client(Client):
    def _call(self, call: Call) -> dict[str, Any]:
        return super()._call(self.weather.changed(call))  # type: ignore[attr-defined]
