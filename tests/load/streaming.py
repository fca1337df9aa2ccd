"""A world in which somebody listens: a stream as AWS brings it, processes, and a receiver.

A shard is asked four times a second; a batch has so many records as the template says, counted
before those that nobody asked for are left out; a start that is not waited for lies in a queue; a
process is new or warm, and has the share of a processor that its memory gives it.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from referrals.dynamodb.values import plain
from referrals.rules.events import event_of
from referrals.rules.retries import Answer
from referrals.store import trail
from tests.load.dynamodb import DynamoDB, Physics, Place
from tests.load.scenarios import NOON
from tests.load.world import LoadWorld
from tests.simulation.faults import Call
from tests.simulation.process import Process
from tests.template import template

TAKEN, HANGS = "https://taken.example.com/", "https://hangs.example.com/"
# What a table on demand begins with: four partitions, of which each has a shard.
_SHARDS = 4
# Seconds. AWS documents the first; the others are assumed, and rather long than short.
_ASKED_EVERY = 0.25
_IN_STREAM = 0.05
_START = 0.025
_IN_QUEUE = 0.05
COLD = 0.8
_TO_RECEIVER = 0.03
_ANSWERS_AFTER = 0.1
_PATIENCE = 5.0
# Seconds of a whole processor, at least twice what they take on the bench's machine.
_CALL, _SEND, _HANDSHAKE = 0.003, 0.002, 0.006
_WHOLE_PROCESSOR_MB = 1769
_TIMEOUT = 60.0


@dataclass
class Functions:
    """Those that a stream or a start runs: each in a process of its own, which is kept warm."""

    world: "EventsWorld"
    running: int = 0
    # Of who delivers, at once.
    most: int = 0
    cold: float = COLD
    _idle: defaultdict[str, list[Process]] = field(default_factory=lambda: defaultdict(list))
    _busy_until: dict[int, datetime] = field(default_factory=dict)
    _shares: dict[int, float] = field(default_factory=dict)

    def run(self, function: str, event: dict[str, Any]) -> None:
        """Wait for it to come to its end."""
        world, idle, delivers = self.world, self._idle[function], function == "deliver_events"
        self.running += delivers
        self.most = max(self.most, self.running)
        actor = world.actor = world.new_actor(f"{function} at {world.now}", timeout=_TIMEOUT)
        given = actor.process
        world.idle.append(given)
        if idle:
            actor.process = idle.pop()
        else:
            actor.process = world.fresh_process()
            self._shares[id(actor.process)] = _share(function)
            actor.wait(self.cold)
        actor.process.context = given.context
        actor.invoke(function, event)
        self.running -= delivers
        idle.append(actor.process)

    def start(self, function: str, event: Mapping[str, Any]) -> None:
        """Have it run soon."""
        self.world.actor.wait(_START)
        at = self.world.now + timedelta(seconds=_IN_QUEUE)
        self.world.scheduler.start(lambda: self.run(function, dict(event)), at)

    def work(self, seconds: float) -> None:
        """The process of whoever acts is busy for so long, with one thing after the other."""
        world, process = self.world, self.world.actor.process
        share = self._shares.get(id(process))
        if share is None:
            return
        begins = max(world.now, self._busy_until.get(id(process), world.now))
        ends = self._busy_until[id(process)] = begins + timedelta(seconds=seconds / share)
        world.actor.wait((ends - world.now).total_seconds())


@dataclass
class Stream:
    """What was written, by shards: one batch of each at a time."""

    world: "EventsWorld"
    _waiting: defaultdict[int, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    _read: set[int] = field(default_factory=set)

    def take(self, place: Place, new: dict[str, Any] | None, *, is_new: bool) -> None:
        """A record of a write; only some are asked for."""
        asked_for = is_new and _asked_for(place[1])
        number = crc32(place[0].encode()) % _SHARDS
        self._waiting[number].append((self.world.now, dict(new) if asked_for and new else None))
        if number not in self._read:
            self._read.add(number)
            self._ask_again(number)

    def _ask_again(self, number: int) -> None:
        every, world = timedelta(seconds=_ASKED_EVERY), self.world
        phase = every * number / _SHARDS
        seen = world.now + timedelta(seconds=_IN_STREAM) - NOON - phase
        at = NOON + phase + (seen // every + 1) * every
        world.scheduler.start(lambda: self._ask(number), at)

    def _ask(self, number: int) -> None:
        waiting = self._waiting[number]
        ready = self.world.now - timedelta(seconds=_IN_STREAM)
        while waiting and waiting[0][0] <= ready:
            batch = []
            while waiting and waiting[0][0] <= ready and len(batch) < _batch_size():
                batch.append(waiting.popleft()[1])
            records = [_record(one) for one in batch if one is not None]
            if records:
                self.world.functions.run("publish_events", {"Records": records})
            ready = self.world.now - timedelta(seconds=_IN_STREAM)
        if waiting:
            self._ask_again(number)
        else:
            self._read.discard(number)


@dataclass
class Receiver:
    """Takes events after a while, or says nothing; a process keeps its connections."""

    world: "EventsWorld"
    came: dict[str, datetime] = field(default_factory=dict)
    connections: int = 0
    _kept: defaultdict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))

    def send(self, url: str, headers: Mapping[str, str], _: str) -> Answer:
        world = self.world
        place = id(world.actor.process), url
        world.functions.work(_SEND)
        if self._kept[place]:
            self._kept[place] -= 1
        else:
            self.connections += 1
            world.functions.work(_HANDSHAKE)
            world.actor.wait(2 * _TO_RECEIVER)
        if url == HANGS:
            world.actor.wait(_PATIENCE)
            return Answer(problem="no answer within 5 s", silent=True)
        world.actor.wait(_TO_RECEIVER / 2)
        self.came.setdefault(headers["webhook-id"], world.now)
        world.actor.wait(_ANSWERS_AFTER + _TO_RECEIVER / 2)
        self._kept[place] += 1
        return Answer(200)


class _Table(DynamoDB):
    """Tells the stream of what was written."""

    stream: Stream
    committed: dict[str, datetime]

    def _bill(self, kind: str, place: Place, old: Any, *, twice: bool, now: float) -> None:
        super()._bill(kind, place, old, twice=twice, now=now)
        new = self._item(place)
        if kind == "ConditionCheck" or new is old:
            return
        self.stream.take(place, new, is_new=old is None)
        if old is None and new is not None and _asked_for(place[1]):
            found = trail.step_of(plain(new))
            if found is not None:
                name = event_of(*found, 0, {}).id
                self.committed.setdefault(name, self.stream.world.now)


class EventsWorld(LoadWorld):
    """One in which somebody listens."""

    functions: Functions
    receiver: Receiver
    committed: dict[str, datetime]

    def begin(self, physics: Physics) -> None:
        self.functions, self.receiver = Functions(self), Receiver(self)
        table = _Table(self.emulator, physics)
        table.stream, table.committed = Stream(self), {}
        self.dynamodb, self.committed = table, table.committed
        self.receiving = self.receiver

    def fresh_process(self) -> Process:
        before, self.idle = self.idle, []
        try:
            return self.new_process(self.actor.chance)
        finally:
            self.idle = before

    def carry(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        if isinstance(self.dynamodb, _Table):
            self.functions.work(_CALL)
        return super().carry(call, body)

    @contextmanager
    def inhabited(self, environment: Any, plans: Any) -> Iterator[None]:
        self.started = _Starting(self)
        with super().inhabited(environment, plans):
            yield


class _Starting(list[tuple[str, Mapping[str, Any]]]):
    """What is started runs."""

    def __init__(self, world: EventsWorld) -> None:
        super().__init__()
        self._world = world

    def append(self, started: tuple[str, Mapping[str, Any]]) -> None:
        self._world.functions.start("deliver_events", started[1])


def _asked_for(sk: str) -> bool:
    """As the template's filter has it."""
    return sk == "ATTRIBUTION" or sk.startswith(("AUDIT#", "LEDGER#"))


def _record(item: dict[str, Any]) -> dict[str, Any]:
    keys = {name: item[name] for name in ("pk", "sk")}
    return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item}}


def _batch_size() -> int:
    return int(template()["Resources"]["PublishEventsStream"]["Properties"]["BatchSize"])


def _share(function: str) -> float:
    """Of a processor, by the memory that the template gives."""
    name = "".join(word.capitalize() for word in function.split("_")) + "Function"
    own = template()["Resources"][name]["Properties"].get("MemorySize")
    memory = own or template()["Globals"]["Function"]["MemorySize"]
    return min(1.0, int(memory) / _WHOLE_PROCESSOR_MB)
