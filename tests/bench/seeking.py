"""A DynamoDB that seeks: SQLite keeps the items and finds a query's place, MiniStack does the rest.

MiniStack sorts a whole partition for each query, which DynamoDB does not do, so its times say
nothing of a large table. Here the items and the entries of each index are in B-trees, as they are
in DynamoDB, and a query reads from its place on. Any other call names its keys: those items are
brought to MiniStack in this process, which carries the call out, and what it wrote is taken back.
"""

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ministack.services import dynamodb

from referrals.dynamodb.table import Table
from tests.tables import Answered, asked, create_table, ministack_client

_SCHEMA = """
pragma synchronous=off; pragma journal_mode=memory; pragma cache_size=-400000;
create table if not exists items (pk text, sk text, item text, primary key (pk, sk));
create table if not exists entries (
    name text, part text, sort text, pk text, sk text, entry text,
    primary key (name, part, sort, pk, sk)
) without rowid;
"""
_LAST = "\U0010ffff"
_NAME = r"([#\w]+)"
_VALUE = r"(:\w+)"
# What dynamodb/table.py asks for: a partition, and of it a prefix, a range, or one side of a place.
_PARTITION = re.compile(rf"{_NAME} = {_VALUE}(?: AND (.+))?")
_PREFIX = re.compile(rf"begins_with\({_NAME}, {_VALUE}\)")
_BETWEEN = re.compile(rf"{_NAME} BETWEEN {_VALUE} AND {_VALUE}")
_COMPARED = re.compile(rf"{_NAME} (<=|>=|<|>|=) {_VALUE}")

Raw = dict[str, Any]
Place = tuple[str, str]


class SeekingStore:
    """One table: its items in a file, and a client that works on them."""

    def __init__(self, path: Path) -> None:
        # Reads side by side come from several threads.
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._base.executescript(_SCHEMA)
        client = ministack_client(self._answer, retries={"total_max_attempts": 1})
        self.table = Table(create_table(client), client)
        self.table.__dict__["unrepeated"] = client
        self._emulated = dynamodb._tables[self.table.name]
        self._heard: list[tuple[str, bytes, Answered]] | None = None

    def begun(self) -> Table:
        """The table; what is written to it from now on is gone when the store is closed."""
        if not self._base.in_transaction:
            self._base.execute("begin")
        return self.table

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is written inside is taken back at the end, so that every run finds the same."""
        self._base.execute("savepoint start")
        try:
            yield
        finally:
            self._base.execute("rollback to start")
            self._base.execute("release start")

    @contextmanager
    def listening(self) -> Iterator[list[tuple[str, bytes, Answered]]]:
        """What is asked and answered inside."""
        self._heard = heard = []
        try:
            yield heard
        finally:
            self._heard = None

    def fill(self, items: Iterable[Raw]) -> None:
        """Store many items at once, in DynamoDB's own form."""
        self._base.execute("begin")
        for item in items:
            self._put(item)
        self._base.execute("commit")

    def everything(self) -> Iterator[Raw]:
        for (item,) in self._base.execute("select item from items"):
            yield json.loads(item)

    def _answer(self, target: str, body: bytes) -> Answered:
        with self._lock:
            operation, request = target.rpartition(".")[2], json.loads(body)
            if operation == "Query":
                answer = 200, {}, json.dumps(self._query(request)).encode()
            elif operation in ("CreateTable", "DescribeTable"):
                return asked(target, body)
            else:
                answer = self._carried_out(operation, request, target, body)
            if self._heard is not None:
                self._heard.append((target, body, answer))
        return answer

    def _carried_out(self, operation: str, request: Raw, target: str, body: bytes) -> Answered:
        places = list(_places(operation, request))
        for place in places:
            item = self._item(place)
            if item is None:
                dynamodb._remove_item(self._emulated, *place)
            else:
                dynamodb._set_item(self._emulated, *place, item)
        answer = asked(target, body)
        if operation not in ("GetItem", "BatchGetItem"):
            for place in places:
                self._take_back(place)
        return answer

    def _take_back(self, place: Place) -> None:
        before = self._item(place)
        for name, part, sort, _ in self._entries(before) if before else ():
            self._base.execute(
                "delete from entries where name=? and part=? and sort=? and pk=? and sk=?",
                (name, part, sort, *place),
            )
        self._base.execute("delete from items where pk=? and sk=?", place)
        item = self._emulated["items"].get(place[0], {}).get(place[1])
        if item is not None:
            self._put(item)

    def _put(self, item: Raw) -> None:
        place = item["pk"]["S"], item["sk"]["S"]
        self._base.execute("insert into items values (?, ?, ?)", (*place, json.dumps(item)))
        for name, part, sort, entry in self._entries(item):
            row = (name, part, sort, *place, json.dumps(entry))
            self._base.execute("insert into entries values (?, ?, ?, ?, ?, ?)", row)

    def _entries(self, item: Raw) -> Iterator[tuple[str, str, str, Raw]]:
        """The item's entries in the indexes: an index's name, its keys, and what it holds."""
        for name, (part,), (sort,) in dynamodb._index_key_schemas(self._emulated):
            if part in item and sort in item:
                entry = dynamodb._apply_index_projection(item, self._emulated, name)
                yield name, item[part]["S"], item[sort]["S"], entry

    def _item(self, place: Place) -> Raw | None:
        found = self._base.execute("select item from items where pk=? and sk=?", place).fetchone()
        return json.loads(found[0]) if found else None

    def _query(self, request: Raw) -> Raw:
        index = request.get("IndexName")
        rows = self._rows(index, request)
        page, more = dynamodb._paginate_evaluated_items(
            (json.loads(row) for (row,) in rows), request.get("Limit"), self._emulated
        )
        rows.close()
        items = [dynamodb._apply_projection(item, request) for item in page]
        answer: Raw = {"Items": items, "Count": len(page), "ScannedCount": len(page)}
        if more:
            names = {"pk", "sk", *(self._index_keys(index) if index else ())}
            answer["LastEvaluatedKey"] = {n: v for n, v in page[-1].items() if n in names}
        dynamodb._add_consumed_capacity(answer, request, self.table.name, index_name=index)
        return answer

    def _index_keys(self, index: str) -> list[str]:
        (keys,) = (
            hashes + ranges
            for name, hashes, ranges in dynamodb._index_key_schemas(self._emulated)
            if name == index
        )
        return keys

    def _rows(self, index: str | None, request: Raw) -> sqlite3.Cursor:
        """The rows from the query's place on, read as they are asked for."""
        partition, bounds = _condition(request)
        wanted, values = "select item from items where pk=?", [partition]
        # By these columns, of which a place to go on from names the attributes.
        order, named = ["sk"], ["sk"]
        if index:
            wanted, values = "select entry from entries where name=? and part=?", [index, partition]
            order, named = ["sort", "pk", "sk"], [self._index_keys(index)[1], "pk", "sk"]
        for operator, bound in bounds:
            wanted += f" and {order[0]} {operator} ?"
            values.append(bound)
        forward = request.get("ScanIndexForward", True)
        if start := request.get("ExclusiveStartKey"):
            marks = ", ".join("?" * len(order))
            wanted += f" and ({', '.join(order)}) {'>' if forward else '<'} ({marks})"
            values += [start[name]["S"] for name in named]
        direction = "asc" if forward else "desc"
        wanted += " order by " + ", ".join(f"{name} {direction}" for name in order)
        return self._base.execute(wanted, values)


def _condition(request: Raw) -> tuple[str, list[tuple[str, str]]]:
    """The partition, and the bounds of the sort key."""
    texts = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
    found = _PARTITION.fullmatch(request["KeyConditionExpression"])
    if found is None:
        raise NotImplementedError(request["KeyConditionExpression"])
    partition, rest = texts[found[2]], found[3]
    if rest is None:
        return partition, []
    if ranged := _BETWEEN.fullmatch(rest):
        return partition, [(">=", texts[ranged[2]]), ("<=", texts[ranged[3]])]
    if started := _PREFIX.fullmatch(rest):
        prefix = texts[started[2]]
        return partition, [(">=", prefix), ("<", prefix + _LAST)]
    if compared := _COMPARED.fullmatch(rest):
        return partition, [(compared[2], texts[compared[3]])]
    raise NotImplementedError(rest)


def _places(operation: str, request: Raw) -> Iterator[Place]:
    """The keys of the items that a call names."""
    if operation == "BatchGetItem":
        (wanted,) = request["RequestItems"].values()
        named = wanted["Keys"]
    elif operation == "TransactWriteItems":
        writes = (write for part in request["TransactItems"] for write in part.values())
        named = [write.get("Key") or write["Item"] for write in writes]
    else:
        named = [request.get("Key") or request["Item"]]
    for key in named:
        yield key["pk"]["S"], key["sk"]["S"]
