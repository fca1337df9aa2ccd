"""What AWS weighs of a request: each action on each resource, with the condition keys' values.

DynamoDB has no permission for a transaction or a batch as such. Every part of a transaction is
the action that it would be alone; a batch is one action on the keys of all its items.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.iam.roles import ACCOUNT, REGION, arn
from tests.template import template

_PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_READS = ("GetItem", "BatchGetItem", "Query", "Scan")
_RETURNING = ("PutItem", "UpdateItem", "DeleteItem")
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_WORDS = frozenset(["SET", "ADD", "REMOVE", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"])
# A name, unless it is a value's, a function's, or lies within another attribute.
_NAME = re.compile(r"(?<![\w:.#])(#?[A-Za-z_]\w*)(?!\w|\s*\()")
_EQUALS = re.compile(r"(#?\w+)\s*=\s*(:\w+)")


@dataclass(frozen=True)
class Ask:
    """One action on one resource; `conditions` holds the values of its condition keys."""

    action: str
    resource: str
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """The partition keys that it is about; none for a scan."""
        return list(self.conditions.get("dynamodb:LeadingKeys", ()))

    @property
    def attributes(self) -> list[str]:
        """The attributes that it names, the keys among them."""
        return list(self.conditions.get("dynamodb:Attributes", ()))


def start(function: str) -> Ask:
    """A function is started by its ARN."""
    return Ask("lambda:InvokeFunction", function)


def put_events(bus: str) -> Ask:
    """Events are put on a bus of the account's."""
    return Ask("events:PutEvents", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}")


def secret(identity: str) -> Ask:
    """A secret is read."""
    return Ask("secretsmanager:GetSecretValue", identity)


def dynamodb(operation: str, request: Mapping[str, Any]) -> Iterator[Ask]:
    """All that a request to the table needs."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for part in request["TransactItems"]:
                for kind, arguments in part.items():
                    yield _ask(_PARTS[kind], arguments, enclosing=operation)
        case "BatchGetItem":
            for wanted in request["RequestItems"].values():
                yield _ask(operation, wanted)
        case "BatchWriteItem":
            raise NotImplementedError("no function writes in batches")
        case _:
            yield _ask(operation, request)


def _ask(action: str, request: Mapping[str, Any], enclosing: str | None = None) -> Ask:
    conditions: dict[str, Any] = {}
    keys, attributes = _leading_keys(request), _attributes(request)
    if keys:
        conditions["dynamodb:LeadingKeys"] = keys
    if attributes:
        conditions["dynamodb:Attributes"] = attributes
    if action in _READS:
        some = "SPECIFIC_ATTRIBUTES" if "ProjectionExpression" in request else "ALL_ATTRIBUTES"
        conditions["dynamodb:Select"] = request.get("Select", some)
    if action in _RETURNING:
        conditions["dynamodb:ReturnValues"] = request.get("ReturnValues", "NONE")
    if enclosing:
        conditions["dynamodb:EnclosingOperation"] = enclosing
    index = request.get("IndexName")
    return Ask(
        f"dynamodb:{action}", arn("Table") + (f"/index/{index}" if index else ""), conditions
    )


def _leading_keys(request: Mapping[str, Any]) -> list[str]:
    """The values of the partition key: the table's, or the index's where one is read."""
    if "KeyConditionExpression" in request:
        return [_queried(request)]
    items = request.get("Keys") or [request.get("Key") or request.get("Item") or {}]
    return list(dict.fromkeys(item["pk"]["S"] for item in items if item))


def _queried(request: Mapping[str, Any]) -> str:
    names, values = (
        request.get("ExpressionAttributeNames", {}),
        request["ExpressionAttributeValues"],
    )
    partition = _partition_key(request.get("IndexName"))
    (value,) = (
        values[placeholder]["S"]
        for name, placeholder in _EQUALS.findall(request["KeyConditionExpression"])
        if names.get(name, name) == partition
    )
    return str(value)


def _partition_key(index: str | None) -> str:
    table = template()["Resources"]["Table"]["Properties"]
    made = (*table["GlobalSecondaryIndexes"], *table["LocalSecondaryIndexes"])
    indexes = {one["IndexName"]: one["KeySchema"] for one in made}
    schema = indexes[index] if index else table["KeySchema"]
    return next(str(one["AttributeName"]) for one in schema if one["KeyType"] == "HASH")


def _attributes(request: Mapping[str, Any]) -> list[str]:
    """The top-level attributes that a request writes, asks for, or puts conditions on."""
    names = request.get("ExpressionAttributeNames", {})
    found = [*request.get("Key", ()), *request.get("Item", ())]
    found += [name for key in request.get("Keys", ()) for name in key]
    for expression in _EXPRESSIONS:
        for name in _NAME.findall(request.get(expression, "")):
            if name.upper() not in _WORDS:
                found.append(names.get(name, name))
    return sorted(set(found))
