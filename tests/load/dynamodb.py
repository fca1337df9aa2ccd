"""What DynamoDB does under load and emulators do not: transactions in conflict, hot partitions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Any, NamedTuple

from ministack.services.dynamodb import _item_size_bytes

from tests.proof.conditions import writes_of
from tests.simulation.emulator import Emulator
from tests.simulation.faults import Call, conflict, error
from tests.template import template

Item = dict[str, Any]
Answer = tuple[int, dict[str, Any]]
Place = tuple[str, str]
_TABLE = "table"
_READ_UNIT, _WRITE_UNIT = 4096, 1024


@dataclass(frozen=True)
class Physics:
    """How long things take, in seconds, and what a partition key bears, in units a second."""

    trip: float = 0.004
    # For how long a transaction holds its items, whether it succeeds or not.
    hold: float = 0.010
    # AWS documents that a condition check conflicts as a write does. False: two checks do not.
    checks_conflict: bool = True
    write_units: float = 1_000
    read_units: float = 3_000


FREE = Physics(trip=0, hold=0, write_units=inf, read_units=inf)


class Index(NamedTuple):
    """A sparse index, by the attributes of its key."""

    name: str
    partition: str
    sort: str


@dataclass
class Bucket:
    """A second's units; what comes while some are left is served, and may leave a debt."""

    units: float
    left: float
    at: float

    def bears(self, now: float) -> bool:
        self.left = min(self.units, self.left + (now - self.at) * self.units)
        self.at = now
        return self.left > 0

    def take(self, units: float) -> None:
        self.left -= units


class Partition(NamedTuple):
    """A partition key of the table or of an index, for reads or for writes."""

    where: str
    key: str
    writes: bool


@dataclass
class DynamoDB:
    """Answers calls as the service would at this time, and says for how long each takes."""

    emulator: Emulator
    physics: Physics
    _held: dict[Place, float] = field(default_factory=dict)
    _checked: dict[Place, float] = field(default_factory=dict)
    _buckets: dict[Partition, Bucket] = field(default_factory=dict)
    throttled: int = 0
    conflicts: int = 0

    def answer(self, call: Call, body: bytes, now: float) -> tuple[Answer, float]:
        """The status and answer, and the seconds until it is on its way."""
        if not call.writes:
            return self._read(call, body, now), 0
        writes = list(writes_of(*call))
        whole = call.operation == "TransactWriteItems"
        if not all(self._bears(one, now) for one in self._touched(writes)):
            self.throttled += 1
            return _throttled(call), 0
        places = [(_place(arguments), kind == "ConditionCheck") for kind, arguments in writes]
        free = [not self._in_use(place, check, now) for place, check in places]
        if whole:
            # One that is doomed holds what it has got until it is given up.
            for (place, check), got in zip(places, free, strict=True):
                if got:
                    self._hold(place, check, now)
        if not all(free):
            self.conflicts += 1
            return conflict(call), self.physics.hold if whole else 0
        before = [self._item(place) for place, _ in places]
        status, found = self.emulator.ask(call.operation, body)
        for (kind, _), (place, _), old in zip(writes, places, before, strict=True):
            self._bill(kind, place, old, twice=whole, now=now)
        lasts = self.physics.hold if whole else 0
        if status < 300:
            return (status, found), lasts
        return error(found.pop("__type").split("#")[-1], **found), lasts

    # Conflicts.

    def _in_use(self, place: Place, check: bool, now: float) -> bool:
        if self._held.get(place, 0) > now:
            return True
        shared = check and not self.physics.checks_conflict
        return not shared and self._checked.get(place, 0) > now

    def _hold(self, place: Place, check: bool, now: float) -> None:
        held = self._checked if check else self._held
        held[place] = now + self.physics.hold

    # Throughput.

    def _bears(self, partition: Partition, now: float) -> bool:
        return self._bucket(partition, now).bears(now)

    def _take(self, partition: Partition, units: float, now: float) -> None:
        self._bucket(partition, now).take(units)

    def _bucket(self, partition: Partition, now: float) -> Bucket:
        found = self._buckets.get(partition)
        if found is None:
            physics = self.physics
            units = physics.write_units if partition.writes else physics.read_units
            found = self._buckets[partition] = Bucket(units, units, now)
        return found

    def _touched(self, writes: list[tuple[str, Item]]) -> Iterator[Partition]:
        """Where a write goes; a partition of an index that is full refuses the table's write."""
        for _, arguments in writes:
            place = _place(arguments)
            yield Partition(_TABLE, place[0], True)
            for item in (arguments.get("Item"), self._item(place)):
                for index in indexes():
                    if item and index.partition in item and index.sort in item:
                        yield Partition(index.name, item[index.partition]["S"], True)

    def _bill(self, kind: str, place: Place, old: Item | None, *, twice: bool, now: float) -> None:
        new = self._item(place)
        size = max(_size(old), _size(new))
        units = max(1, ceil(size / _WRITE_UNIT)) * (2 if twice else 1)
        self._take(Partition(_TABLE, place[0], True), units, now)
        if kind == "ConditionCheck" or old is new:
            return
        for index in indexes():
            left, entered = _entry(index, old), _entry(index, new)
            for entry in {left, entered} - {None} if left != entered else ():
                assert entry is not None
                self._take(Partition(index.name, entry[0], True), 1, now)

    def _read(self, call: Call, body: bytes, now: float) -> Answer:
        arguments = call.arguments
        partitions = list(_read_partitions(arguments))
        if not all(self._bears(one, now) for one in partitions):
            self.throttled += 1
            return _throttled(call)
        status, found = self.emulator.ask(call.operation, body)
        wanted = next(iter(arguments.get("RequestItems", {}).values()), arguments)
        factor = 1 if wanted.get("ConsistentRead") else 0.5
        if call.operation == "BatchGetItem":
            for partition in partitions:
                self._take(partition, factor, now)
        elif call.operation != "Scan":
            items = found.get("Items", [found["Item"]] if "Item" in found else [])
            units = max(1, ceil(sum(map(_size, items)) / _READ_UNIT))
            self._take(partitions[0], units * factor, now)
        return status, found

    def _item(self, place: Place) -> Item | None:
        held: Item | None = self.emulator.items.get(place[0], {}).get(place[1])
        return held


def indexes() -> tuple[Index, ...]:
    """The template's indexes."""
    global _INDEXES  # noqa: PLW0603 - read once
    if not _INDEXES:
        (table,) = (
            resource["Properties"]
            for resource in template()["Resources"].values()
            if resource["Type"] == "AWS::DynamoDB::Table"
        )
        _INDEXES = tuple(
            Index(index["IndexName"], *(one["AttributeName"] for one in index["KeySchema"]))
            for index in table["GlobalSecondaryIndexes"]
        )
    return _INDEXES


_INDEXES: tuple[Index, ...] = ()


def _entry(index: Index, item: Item | None) -> tuple[str, str] | None:
    if not item or index.partition not in item or index.sort not in item:
        return None
    return item[index.partition]["S"], item[index.sort]["S"]


def _read_partitions(arguments: Item) -> Iterator[Partition]:
    if "RequestItems" in arguments:
        (wanted,) = arguments["RequestItems"].values()
        for key in wanted["Keys"]:
            yield Partition(_TABLE, key["pk"]["S"], False)
    elif "Key" in arguments:
        yield Partition(_TABLE, arguments["Key"]["pk"]["S"], False)
    elif "KeyConditionExpression" in arguments:
        values = arguments["ExpressionAttributeValues"]
        key = values.get(":pk") or values[":p"]
        yield Partition(arguments.get("IndexName", _TABLE), key["S"], False)


def _place(arguments: Item) -> Place:
    key = arguments.get("Key") or arguments["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def _size(item: Item | None) -> int:
    return int(_item_size_bytes(item)) if item else 0


def _throttled(call: Call) -> Answer:
    if call.operation != "TransactWriteItems":
        return error("ProvisionedThroughputExceededException")
    others = [{"Code": "None"}] * (len(call.arguments["TransactItems"]) - 1)
    reasons = [{"Code": "ThrottlingError", "Message": "throughput"}, *others]
    return error("TransactionCanceledException", CancellationReasons=reasons)
