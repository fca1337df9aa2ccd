"""What an act costs: request units as DynamoDB bills them, and round trips one after another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Any

from ministack.services import dynamodb

from referrals.dynamodb import side_by_side
from referrals.dynamodb.table import Table

_READ_UNIT = 4096


@dataclass
class Bill:
    """Units and round trips so far; an index's writes apart from the table's own."""

    writes: float = 0
    index_writes: float = 0
    reads: float = 0
    trips: int = 0
    calls: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        total = self.writes + self.index_writes
        return (
            f"{total:g} write ({self.writes:g} table + {self.index_writes:g} indexes), "
            f"{self.reads:g} read, {self.trips} round trips: {', '.join(self.calls)}"
        )


@contextmanager
def billed(table: Table, monkeypatch: Any) -> Iterator[Bill]:
    """The bill of everything done on the table until the end of the block."""
    bill, events = Bill(), table.client.meta.events
    asked: dict[str, Any] = {}
    looking = False

    def ask(params: dict[str, Any], **_: Any) -> None:
        if looking:
            return
        params["ReturnConsumedCapacity"] = "INDEXES"
        asked.clear()
        asked.update(params)

    def add(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        nonlocal looking
        if looking:
            return
        bill.trips += 1
        bill.calls.append(model.name)
        if model.name in ("GetItem", "BatchGetItem", "Query", "Scan"):
            looking = True
            bill.reads += _read_units(table, model.name, dict(asked), parsed)
            looking = False
        else:
            _add_writes(bill, parsed.get("ConsumedCapacity", {}))

    hooks = (("before-parameter-build.dynamodb", ask), ("after-call.dynamodb", add))
    with monkeypatch.context() as patched:
        patched.setattr(side_by_side, "ThreadPoolExecutor", partial(_OneByOne, bill))
        for name, hook in hooks:
            events.register(name, hook)
        try:
            yield bill
        finally:
            for name, hook in hooks:
                events.unregister(name, hook)


class _OneByOne:
    """Acts at the same time take as many trips as the longest of them; so many run at once."""

    def __init__(self, bill: Bill, max_workers: int) -> None:
        self._bill, self._width = bill, max_workers

    def __enter__(self) -> "_OneByOne":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def map(self, act: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
        answers = []
        for first in range(0, len(inputs), self._width):
            start = end = self._bill.trips
            for one in inputs[first : first + self._width]:
                self._bill.trips = start
                answers.append(act(one))
                end = max(end, self._bill.trips)
            self._bill.trips = end
        return answers


def _read_units(
    table: Table, operation: str, asked: dict[str, Any], answer: dict[str, Any]
) -> float:
    """By the bytes that are read; MiniStack reports one unit for any number of them."""
    if operation == "BatchGetItem":
        (wanted,) = asked["RequestItems"].values()
        found = next(iter(answer["Responses"].values()), [])
        sizes = [dynamodb._item_size_bytes(item) for item in found]
        missing = len(wanted["Keys"]) - len(sizes)
        units = sum(map(_units, sizes)) + missing
        return units if wanted.get("ConsistentRead") else units / 2
    items = answer.get("Items", [answer["Item"]] if "Item" in answer else [])
    if "ProjectionExpression" in asked:
        items = _whole(table, operation, asked, len(answer["Items"]))
    units = _units(sum(dynamodb._item_size_bytes(item) for item in items))
    return units if asked.get("ConsistentRead") else units / 2


def _whole(table: Table, operation: str, asked: dict[str, Any], number: int) -> list[Any]:
    """The items that were read, of which a projection told a part: all of each is billed."""
    if not number:
        return []
    told = ("ProjectionExpression", "ReturnConsumedCapacity")
    again = {name: value for name, value in asked.items() if name not in told}
    call = table.client.query if operation == "Query" else table.client.scan
    items: list[Any] = call(**again | {"Limit": number})["Items"]
    return items


def _units(size: int) -> int:
    return max(1, ceil(size / _READ_UNIT))


def _add_writes(bill: Bill, consumed: Any) -> None:
    for one in consumed if isinstance(consumed, list) else [consumed]:
        indexes = {
            **one.get("GlobalSecondaryIndexes", {}),
            **one.get("LocalSecondaryIndexes", {}),
        }.values()
        in_indexes = sum(index["CapacityUnits"] for index in indexes)
        bill.index_writes += in_indexes
        bill.writes += one.get("CapacityUnits", 0) - in_indexes
