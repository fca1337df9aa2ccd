"""Faults by script: each call of a request meets each fault, alone and together with a second."""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from unittest.mock import patch

from referrals.edge import auth
from referrals.rules.programme import Programme
from referrals.store import keys
from referrals.store.metering import account_from
from tests.invariants import violations
from tests.simulation.acts import Answers, Sending
from tests.simulation.faults import Call, Fault
from tests.simulation.history import KEYS, beginning, emulator
from tests.simulation.plan import NOON
from tests.simulation.world import Faults, World
from tests.tables import everything

Script = dict[int, Fault]
Cell = tuple[int, Fault]
Item = dict[str, Any]
_ATTEMPTS = 6
_CALLS_LATE = 3
_NEVER = 10**9
_AFTERWARDS = 8 * 3600
_METERS = frozenset((f"ACCOUNT#{name}", "CREDITS") for name in KEYS)
# What must come out the same, whatever goes wrong on the way.
_LASTING = (
    *(
        "sent",
        "old_salt",
        "status",
        "skip_reason",
        "to_status",
        "credits",
        "balance",
        "spent",
        "qualified",
    ),
    *("user_id", "referrer_user_id", "referred_user_id", "disabled", "plan", "code"),
)


class Deed(Protocol):
    """What is done until it is done."""

    def do(self, sending: Sending) -> None: ...


@dataclass(frozen=True)
class Case:
    """A request and what comes before it; `state` says whether the end state is one only."""

    function: str
    act: Deed
    before: tuple[Deed, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    later: timedelta = timedelta()
    one_end: bool = True
    priced: bool = False
    by_service: bool = False


@dataclass(frozen=True)
class Request:
    """A request that is sent until it is answered as it should be."""

    function: str
    method: str
    path: str
    details: dict[str, Any] = field(default_factory=dict)

    def do(self, sending: Sending) -> None:
        for _ in range(_ATTEMPTS):
            status, _ = sending.request(self.function, self.method, self.path, **self.details)
            if status == 200:
                return
        sending.answers.unanswered.append(self)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Invoke:
    """A function that no gateway stands before, invoked until it succeeds, as Lambda does."""

    function: str
    payload: dict[str, Any] = field(default_factory=dict)

    def do(self, sending: Sending) -> None:
        for _ in range(_ATTEMPTS):
            if sending.actor.invoke(self.function, dict(self.payload)) is not None:
                return
        sending.answers.unanswered.append(self)  # type: ignore[arg-type]


class Scripted(World):
    """A world in which nothing is left to chance."""

    def __init__(self) -> None:
        super().__init__(emulator(), 0, NOON, Faults())
        self.script: Script = {}
        self.calls: list[Call] = []
        self._late: list[tuple[int, Callable[[], object]]] = []

    def before(self, call: Call) -> Fault:
        self.calls.append(call)
        self.arrive(len(self.calls))
        return self.script.get(len(self.calls), Fault.NONE)

    def after(self, call: Call, fault: Fault, result: str) -> None:
        """The script knows."""

    def failed(self, answers: Answers) -> bool:
        """Whether a process died or a request was answered with an error."""
        died = {Fault.CRASH_BEFORE, Fault.CRASH_AFTER}.intersection(self.script.values())
        return bool(died or self.failures or any(s != 200 for _, s in answers.statuses))

    def later(self, act: Callable[[], object]) -> None:
        self._late.append((len(self.calls) + _CALLS_LATE, act))

    def arrive(self, number: int) -> None:
        """What was given up arrives some calls later, or when all is over."""
        due = [act for at, act in self._late if at <= number]
        self._late = [(at, act) for at, act in self._late if at > number]
        for act in due:
            act()


@dataclass(frozen=True)
class Outcome:
    """How it ended (at once, sent again or recovered), and the calls made on the way."""

    how: str
    wrong: tuple[str, ...]
    calls: tuple[Call, ...]
    end: tuple[Any, ...]


class Sweep:
    """Runs one case again and again from the same beginning."""

    def __init__(self, case: Case) -> None:
        self.case = case
        emulator().restore(beginning())
        world = Scripted()
        with living(world, case.environment):
            sending = Sending(world.actor, KEYS, Answers())
            for act in case.before:
                act.do(sending)
            assert not sending.answers.unanswered, sending.answers.statuses
        self._snapshot, self._charges = emulator().snapshot(), _charges()
        self.baseline = self.run({})
        assert self.baseline.wrong == (), self.baseline.wrong

    def run(self, script: Script) -> Outcome:
        """The request under a script, sent again until it is answered; then what is left."""
        emulator().restore(self._snapshot)
        world, answers = Scripted(), Answers()
        world.scheduler.now += self.case.later
        with living(world, self.case.environment):
            sending = Sending(world.new_actor("sender"), KEYS, answers)
            world.script = script
            self.case.act.do(sending)
            calls = tuple(world.calls)
            world.arrive(_NEVER)
            how = "sent again" if world.failed(answers) else "at once"
            wrong = ["never answered"] if answers.unanswered else []
            world.script = {}
            served = answers.statuses[self.case.function, 200] * self.case.priced
            end = _end()
            if self._differs(end):
                how = "recovered"
                _recover(world)
                end = _end()
            if self._differs(end):
                wrong.append(f"ended otherwise: {_difference(end, self.baseline.end)}")
            table = world.actor.process.table
            wrong += [*violations(table, Programme()), *self.also_wrong(world)]
            charged = _charges() - self._charges
            # A service key's use is counted when all is done: at worst it is not.
            least = served - len(script) * self.case.by_service
            if not least <= charged <= served + len(script):
                wrong.append(f"{charged} charged for {served} served")
        return Outcome(how, tuple(wrong), calls, end)

    def also_wrong(self, world: Scripted) -> list[str]:
        """What is wrong beside the table."""
        return []

    def _differs(self, end: tuple[Any, ...]) -> bool:
        return self.case.one_end and hasattr(self, "baseline") and end != self.baseline.end

    def singles(self) -> dict[Cell, Outcome]:
        """The outcome of every fault at every call that it can befall."""
        return {
            (number, fault): self.run({number: fault}) for number, fault in _cells(self.baseline, 0)
        }

    def pairs(self, singles: dict[Cell, Outcome], one_in: int) -> Iterator[tuple[str, Outcome]]:
        """What may go wrong next, once one thing has: also while the request is sent again."""
        for (number, fault), outcome in singles.items():
            for second, other in _cells(outcome, number):
                pair = f"{fault} at call {number}, {other} at call {second}"
                if zlib.crc32(pair.encode()) % one_in == 0:
                    yield pair, self.run({number: fault, second: other})


def _cells(outcome: Outcome, after: int) -> Iterator[Cell]:
    for number, call in enumerate(outcome.calls[after:], after + 1):
        for fault in call.possible:
            yield number, fault


@contextmanager
def living(world: Scripted, environment: dict[str, str]) -> Iterator[None]:
    claims = patch.object(auth, "verified_claims", lambda *_: {"sub": "metered"})
    with world.inhabited(environment, {}), claims:
        yield


def _recover(world: Scripted) -> None:
    """What the schedules do."""
    world.scheduler.now += timedelta(seconds=_AFTERWARDS)
    staff = world.new_actor("schedule")
    schedules = (
        "reconcile",
        "recover_grants",
        "expire_attributions",
        "deliver_events",
        "reconcile",
    )
    for function in schedules:
        staff.invoke(function, {})


def _end() -> tuple[Any, ...]:
    table = World(emulator(), 0, NOON, Faults()).actor.process.table
    return tuple(
        (*_place(item), _lasting(item))
        for item in everything(table)
        # A run that could not be noted is done all the same.
        if not _is_meter(item) and item["pk"] != keys.RUNS and not item["pk"].startswith("LIMIT#")
    )


def _place(item: Item) -> tuple[str, str]:
    """Its key without the times in it: a request that is repeated is a later one."""
    if item["pk"].startswith("CLICK#"):
        return "CLICK", ""
    return item["pk"], item["sk"].split("#")[0]


def _lasting(item: Item) -> str:
    kept = {name: item[name] for name in _LASTING if name in item}
    granted = sorted(
        role for role, reward in item.get("rewards", {}).items() if "credits_granted_at" in reward
    )
    return json.dumps(kept | ({"granted": granted} if granted else {}), sort_keys=True)


def _difference(one: tuple[Any, ...], other: tuple[Any, ...]) -> list[Any]:
    return sorted(set(one) ^ set(other))


def _is_meter(item: Item) -> bool:
    return (item["pk"], item["sk"]) in _METERS or item["sk"].startswith("USE#")


def _charges() -> int:
    """The credits that callers have used, and the requests of service keys."""
    return sum(
        account_from(item).month_used + item.get("requests", 0)
        for item in everything(World(emulator(), 0, NOON, Faults()).actor.process.table)
        if _is_meter(item)
    )
