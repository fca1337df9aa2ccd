"""MiniStack's table in this process: set back between histories, and with indexes that lag."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from ministack.services import dynamodb

from referrals.dynamodb.values import plain
from tests import limits
from tests.tables import create_table, ministack_client

Item = dict[str, Any]
Answer = tuple[int, Item]
Place = tuple[str, str]

# As `dynamodb.handle_request` chooses them.
_HANDLERS = {
    "BatchGetItem": dynamodb._batch_get_item,
    "DeleteItem": dynamodb._delete_item,
    "GetItem": dynamodb._get_item,
    "PutItem": dynamodb._put_item,
    "Query": dynamodb._query,
    "Scan": dynamodb._scan,
    "TransactWriteItems": dynamodb._transact_write_items,
    "UpdateItem": dynamodb._update_item,
}
# How many of an item's versions an index may be behind.
_VERSIONS_BEHIND = 4
_ATTRIBUTION = "ATTRIBUTION"
# What clicks are counted by begins to read.
_ROLL_UP = "clicked_until"


class Emulator:
    """One table of the template. Items are never changed in place, so copies may share them."""

    def __init__(self) -> None:
        _hasten()
        self.client = _client()
        self.name = create_table(self.client)
        self._versions: dict[str, list[Any]] = {}
        self._clicks: set[Place] = set()
        # All that happened to attributions and clicks, in its order.
        self._happened: list[Any] = []

    @property
    def _table(self) -> dict[str, Any]:
        return dynamodb._tables[self.name]

    def ask(self, operation: str, body: bytes) -> Answer:
        """The status and the answer to one request, as it would come over the wire."""
        if refused := limits.refusal(operation, body):
            return refused[0], json.loads(refused[2])
        status, _, answer = _HANDLERS[operation](json.loads(body))
        if operation in ("PutItem", "UpdateItem", "TransactWriteItems"):
            self._note()
        return status, json.loads(answer)

    def ask_behind(self, operation: str, body: bytes, chance: Random) -> Answer:
        """The same, with each item in the indexes as it was some of its versions ago."""
        table, now = self._table, self._table["items"]
        past = type(now)(now.default_factory, {pk: dict(items) for pk, items in now.items()})
        for pk, versions in self._versions.items():
            seen = chance.choice([None, *versions][-_VERSIONS_BEHIND:])
            if seen is None:
                past[pk].pop(_ATTRIBUTION, None)
            else:
                past[pk][_ATTRIBUTION] = seen
        try:
            self._replace(table, past)
            return self.ask(operation, body)
        finally:
            self._replace(table, now)

    def _note(self) -> None:
        for pk, items in self._table["items"].items():
            if pk.startswith(f"{_ATTRIBUTION}#") and _ATTRIBUTION in items:
                versions = self._versions.setdefault(pk, [])
                if not versions or versions[-1] is not items[_ATTRIBUTION]:
                    versions.append(items[_ATTRIBUTION])
                    self._happened.append(items[_ATTRIBUTION])
            elif pk.startswith("CLICK#"):
                new = {(pk, sk): items[sk] for sk in items if (pk, sk) not in self._clicks}
                self._clicks |= new.keys()
                self._happened += new.values()

    def note_roll_up(self, until: str) -> None:
        """From now on clicks of a time before this one may be counted as they are."""
        self._happened.append({_ROLL_UP: {"S": until}})

    @property
    def moment(self) -> int:
        """Now, counted in changes of attributions and of clicks."""
        return len(self._happened)

    def stood(self, since: int) -> "Stood":
        """How all has stood since a moment."""
        return Stood([plain(item) for item in self._happened], since)

    @property
    def erasing(self) -> bool:
        """Whether an erasure is under way, and moves credits."""
        items = self._table["items"]
        return any("moving" in one.get("CREDITS", {}) for one in items.values())

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """All items as they are."""
        return {pk: dict(items) for pk, items in self._table["items"].items()}

    def restore(self, snapshot: dict[str, dict[str, Any]]) -> None:
        """All items as they were, and no memory of requests answered since."""
        items = type(self._table["items"])(dict)
        items.update({pk: dict(kept) for pk, kept in snapshot.items()})
        self._replace(self._table, items)
        self._versions, self._clicks, self._happened = {}, set(), []
        self._note()
        dynamodb._txn_idempotency._data.clear()

    @staticmethod
    def _replace(table: dict[str, Any], items: Any) -> None:
        table["items"] = items
        dynamodb._items_replaced(table)


class Came(NamedTuple):
    """A click, whether it was there at the moment, and whether it came after its minute's count."""

    click: Item
    before: bool
    late: bool


@dataclass(frozen=True)
class Stood:
    """How each attribution stood, from a moment until now, and which clicks had come."""

    happened: list[Item]
    since: int

    def names(self) -> list[str]:
        """All attributions that there are."""
        return list({one["id"]: None for one in self.happened if "id" in one})

    def during(self, name: str) -> list[Item | None]:
        """What one was in this time; None while it was not there yet."""
        before = [None, *self._of(name, self.happened[: self.since])]
        return [before[-1], *self._of(name, self.happened[self.since :])]

    def ever(self, name: str) -> list[Item]:
        """What one was at any time."""
        return self._of(name, self.happened)

    def now(self) -> list[Item]:
        """All as they are."""
        return [self.ever(name)[-1] for name in self.names()]

    def clicks(self) -> Iterator[Came]:
        """All clicks, in the order in which they were stored."""
        counted = ""
        for number, one in enumerate(self.happened):
            if _ROLL_UP in one:
                counted = max(counted, one[_ROLL_UP])
            elif "clicked_at" in one:
                yield Came(one, number < self.since, one["clicked_at"] < counted)

    @staticmethod
    def _of(name: str, happened: list[Item]) -> list[Item]:
        return [one for one in happened if one.get("id") == name]


@cache
def _hasten() -> None:
    """Save MiniStack work that changes no answer: half of a history's time."""
    # It reads an expression anew for each item that it is put to.
    for name in ("_tokenize", "_condition_syntax_error"):
        setattr(dynamodb, name, lru_cache(1_000)(getattr(dynamodb, name)))
    dynamodb.copy = SimpleNamespace(deepcopy=_copied)


def _copied(value: Any) -> Any:
    """A copy of what JSON can hold, for a fifth of `deepcopy`'s price."""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_copied(inner) for inner in value]
    return value


@cache
def _client() -> Any:
    """A client for its exceptions and models; making one takes longer than many histories."""
    return ministack_client(retries={"mode": "standard", "total_max_attempts": 4})
