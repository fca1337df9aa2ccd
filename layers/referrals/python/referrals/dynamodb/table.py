"""The DynamoDB table: plain values in and out, transactions with named parts."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionClosedError, SSLError

from referrals.dynamodb import sdk
from referrals.dynamodb.parts import Busy, Part, Refused, raise_unless_conflict
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.values import Item, Key, dynamodb_values, plain

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONFLICT_TRIES = 12
_SURE_TRIES = 3
_FIRST_WAIT = 0.01
_LONGEST_WAIT = 0.4
_BATCH_GET_LIMIT = 100
_LARGEST_PAGE = 1_000


@dataclass
class Table:
    """One table and the client that reaches it."""

    name: str
    client: "DynamoDBClient" = field(repr=False)
    # What this process has seen the table hold, and need not look for again.
    seen: set[str] = field(default_factory=set, repr=False)
    # Until when, by the monotonic clock, the caller can wait.
    _until: float = field(default=inf, repr=False)

    @classmethod
    def connect(cls, name: str) -> "Table":
        """The table by name, on the region and endpoint of the environment.

        Every write sent through this client may be repeated safely: it is conditional, or sets
        what it set before, or carries a transaction's token. So the SDK may retry.
        """
        return cls(name, _client(attempts=4))

    def allow(self, seconds: float) -> None:
        """From now on the caller has so much time: what is in conflict is not tried for longer."""
        self._until = time.monotonic() + seconds

    @property
    def time_left(self) -> float:
        """How long the caller can still wait, in seconds."""
        return self._until - time.monotonic()

    @property
    def in_time(self) -> bool:
        """Whether the caller has any time left."""
        return self.time_left > 0

    def waits(self) -> Iterator[float]:
        """The pauses between tries, in seconds, while there is time: no two rivals alike.

        The first tries are there at any time: a guess, a look and a try are no waiting.
        """
        wait = _FIRST_WAIT
        for number in range(_CONFLICT_TRIES):
            if number >= _SURE_TRIES and not self.in_time:
                return
            wait = min(random.uniform(_FIRST_WAIT, 3 * wait), _LONGEST_WAIT)  # noqa: S311 - no secret
            yield wait

    @cached_property
    def unrepeated(self) -> "DynamoDBClient":
        """A client that sends every request once: for a bare ADD, which a repeat would double."""
        return _client(attempts=1)

    def add(self, key: Key, *, again: bool = False, **update: Any) -> Any:
        """An update with a bare ADD, sent once; the SDK's arguments and answer.

        A connection may have ended while the process was frozen, which only shows in use. With
        `again` the request then goes out once more: at worst it has counted twice.
        """
        arguments = {"TableName": self.name, "Key": _key(key), **update}
        try:
            return self.unrepeated.update_item(**arguments)
        except (ConnectionClosedError, SSLError):
            if not again:
                raise
            # The others were kept as long as this one.
            self.unrepeated.close()
            return self.unrepeated.update_item(**arguments)

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """The item, or None."""
        found = self.client.get_item(
            TableName=self.name, Key=_key(key), ConsistentRead=consistent
        ).get("Item")
        return plain(found) if found else None

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        """The items that exist, by key; 100 a request, requests side by side."""
        distinct = list(dict.fromkeys(keys))
        chunks = [
            distinct[start : start + _BATCH_GET_LIMIT]
            for start in range(0, len(distinct), _BATCH_GET_LIMIT)
        ]
        found: dict[Key, Item] = {}
        for items in side_by_side(lambda chunk: self._get_chunk(chunk, consistent), chunks):
            found |= items
        return found

    def _get_chunk(self, chunk: Sequence[Key], consistent: bool) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        wanted: Any = {self.name: {"Keys": [_key(k) for k in chunk], "ConsistentRead": consistent}}
        for wait in self.waits():
            answer = self.client.batch_get_item(RequestItems=wanted)
            for raw in answer["Responses"].get(self.name, []):
                item = plain(raw)
                found[Key(item["pk"], item["sk"])] = item
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return found
            time.sleep(wait)
        raise Busy("DynamoDB left keys unread")

    def query(
        self,
        pk: str,
        *,
        prefix: str | None = None,
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        page: int | None = None,
        index: tuple[str, str] | None = None,
        only: Sequence[str] = (),
    ) -> Iterator[Item]:
        """A partition's items in key order, of a prefix or between two sort keys (inclusive).

        `index` names a local index and its sort key, in whose order the items are then read;
        `only` the attributes that are wanted, where an item is larger than what is asked for.
        """
        values: Item = {":pk": pk}
        arguments: dict[str, Any] = {"Limit": page} if page else {}
        if only:
            arguments["ProjectionExpression"] = ", ".join(only)
        sort = "sk"
        if index is not None:
            arguments["IndexName"], sort = index
        condition = "pk = :pk"
        if prefix is not None:
            condition += f" AND begins_with({sort}, :prefix)"
            values[":prefix"] = prefix
        if between is not None:
            condition += f" AND {sort} BETWEEN :low AND :high"
            values[":low"], values[":high"] = between
        yield from self._pages(
            KeyConditionExpression=condition,
            ExpressionAttributeValues=dynamodb_values(values),
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
            **arguments,
        )

    def query_newest(self, pk: str, *, prefix: str, limit: int) -> list[Item]:
        """The last `limit` items of a prefix, newest first."""
        items = self.query(pk, prefix=prefix, newest_first=True, page=limit)
        return list(islice(items, limit))

    def query_index(
        self,
        index: str,
        partition: tuple[str, str],
        *,
        sort: tuple[str, str, str] | None = None,
        newest_first: bool = False,
        page: int | None = None,
    ) -> Iterator[Item]:
        """An index's entries, by (attribute, value) and (attribute, operator, value)."""
        names = {"#p": partition[0]}
        values: Item = {":p": partition[1]}
        condition = "#p = :p"
        if sort is not None:
            condition += f" AND #s {sort[1]} :s"
            names["#s"], values[":s"] = sort[0], sort[2]
        arguments: dict[str, Any] = {"Limit": page} if page else {}
        yield from self._pages(
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=dynamodb_values(values),
            ScanIndexForward=not newest_first,
            **arguments,
        )

    def _pages(self, **arguments: Any) -> Iterator[Item]:
        while True:
            answer = self.client.query(TableName=self.name, **arguments)
            yield from (plain(raw) for raw in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            if "Limit" in arguments:
                # Whoever reads on past a page may read on for long.
                arguments["Limit"] = min(2 * arguments["Limit"], _LARGEST_PAGE)

    def scan_page(
        self, after: Key | None, limit: int, only: Sequence[str]
    ) -> tuple[list[Item], Key | None]:
        """Up to `limit` items of all that there are, `only` these attributes, from behind a key on.

        The key to go on behind comes with them, None at the end. In no order that means anything,
        but items of a partition are neighbours. For the daily recount alone.
        """
        arguments: dict[str, Any] = {"ExclusiveStartKey": _key(after)} if after else {}
        answer = self.client.scan(
            TableName=self.name,
            Limit=limit,
            ProjectionExpression=", ".join(only),
            **arguments,
        )
        last = answer.get("LastEvaluatedKey")
        return [plain(raw) for raw in answer["Items"]], Key(**plain(last)) if last else None

    def write(self, part: Part) -> Item | None:
        """One write outside a transaction, safe to repeat. Refused where its condition fails.

        Returns the item as it is afterwards when the write asks for it.
        """
        (operation, arguments), *_ = part.write.items()
        calls: dict[str, Callable[..., Any]] = {
            "Put": self.client.put_item,
            "Update": self.client.update_item,
            "Delete": self.client.delete_item,
        }
        call = calls[operation]
        for wait in self.waits():
            try:
                answer = call(**arguments)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    raise Refused(frozenset({part.name})) from error
                if code != "TransactionConflictException":
                    raise
                time.sleep(wait)
                continue
            attributes = answer.get("Attributes")
            return plain(attributes) if attributes else None
        raise Busy(f"{part.name}: still in conflict with transactions")

    def transact(
        self, parts: Sequence[Part], *, before_again: Callable[[], None] | None = None
    ) -> None:
        """All of the parts or none. Refused, Unwritable, or Busy when conflicts last.

        What is `before_again` comes before each further try, and may end them by an exception.
        """
        for wait in self.waits():
            try:
                self.client.transact_write_items(TransactItems=[part.write for part in parts])  # type: ignore[misc]
            except self.client.exceptions.TransactionCanceledException as error:
                raise_unless_conflict(parts, error.response.get("CancellationReasons", []))
            except self.client.exceptions.TransactionInProgressException:
                pass
            else:
                return
            time.sleep(wait)
            if before_again:
                before_again()
        raise Busy("the transaction was still in conflict with others")

    def put(
        self, name: str, item: Item, *, unless: str | None = None, values: Item | None = None
    ) -> Part:
        """A Put with the condition `unless`."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "Item": dynamodb_values(item),
        }
        if unless is not None:
            arguments["ConditionExpression"] = unless
        if values:
            arguments["ExpressionAttributeValues"] = dynamodb_values(values)
        return Part(name, {"Put": arguments})

    def check(self, name: str, key: Key, condition: str) -> Part:
        """No write: the transaction is refused unless the condition holds."""
        arguments = {"TableName": self.name, "Key": _key(key), "ConditionExpression": condition}
        return Part(name, {"ConditionCheck": arguments})

    def delete(
        self, name: str, key: Key, *, condition: str | None = None, values: Item | None = None
    ) -> Part:
        """A Delete with an optional condition; without one it may find nothing."""
        arguments: dict[str, Any] = {"TableName": self.name, "Key": _key(key)}
        if condition is not None:
            arguments["ConditionExpression"] = condition
        if values:
            arguments["ExpressionAttributeValues"] = dynamodb_values(values)
        return Part(name, {"Delete": arguments})

    def update(
        self,
        name: str,
        key: Key,
        expression: str,
        values: Item,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        told: bool = False,
    ) -> Part:
        """An Update with an optional condition; `told` asks for the item as it is afterwards."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "Key": _key(key),
            "UpdateExpression": expression,
        }
        if values:
            arguments["ExpressionAttributeValues"] = dynamodb_values(values)
        if condition is not None:
            arguments["ConditionExpression"] = condition
        if names:
            arguments["ExpressionAttributeNames"] = dict(names)
        if told:
            arguments["ReturnValues"] = "ALL_NEW"
        return Part(name, {"Update": arguments})


def _client(attempts: int) -> "DynamoDBClient":
    made: DynamoDBClient = sdk.client(
        "dynamodb",
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=1,
        read_timeout=3,
        max_pool_connections=16,
    )
    return made


def _key(key: Key) -> Any:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
