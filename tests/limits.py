"""DynamoDB's limits that the emulator lets pass; test_limits holds both to all of them."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from ministack.services.dynamodb import _item_size_bytes

from tests.template import template

Answered = tuple[int, dict[str, str], bytes]

BATCH_BYTES = 16 * 1024 * 1024
_LONGEST = {"HASH": 2_048, "RANGE": 1_024}
# Of what is shorter as a whole, no key is too long.
_SHORT = min(_LONGEST.values())


def refusal(operation: str, body: bytes) -> Answered | None:
    """What AWS says to a key of an index that is too long."""
    if operation not in ("PutItem", "TransactWriteItems") or len(body) <= _SHORT:
        return None
    for item in _put(json.loads(body)):
        for name, longest in _index_keys().items():
            if len(item.get(name, {}).get("S", "").encode()) > longest:
                said = f"Size of {name} has exceeded the size limit of {longest} bytes"
                error = {"__type": "com.amazon.coral.validate#ValidationException", "message": said}
                return (
                    400,
                    {"Content-Type": "application/x-amz-json-1.0"},
                    json.dumps(error).encode(),
                )
    return None


def in_part(operation: str, body: bytes, answer: bytes) -> bytes:
    """Of a batch of more than 16 MB what fits, and the keys of the rest."""
    if operation != "BatchGetItem" or len(answer) <= BATCH_BYTES:
        return answer
    ((name, wanted),) = json.loads(body)["RequestItems"].items()
    told = json.loads(answer)
    kept, left, size = [], [], 0
    for item in told["Responses"][name]:
        size += _item_size_bytes(item)
        (kept if size <= BATCH_BYTES else left).append(item)
    keys = [{part: item[part] for part in ("pk", "sk")} for item in left]
    rest = {name: {**wanted, "Keys": keys}} if keys else {}
    return json.dumps({**told, "Responses": {name: kept}, "UnprocessedKeys": rest}).encode()


def _put(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in request.get("TransactItems", [{"Put": request}]):
        yield one.get("Put", {}).get("Item", {})


@cache
def _index_keys() -> dict[str, int]:
    """The attributes that are keys of an index, and how many bytes they may have."""
    (table,) = (
        resource["Properties"]
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::Table"
    )
    return {
        part["AttributeName"]: _LONGEST[part["KeyType"]]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in table[kind]
        for part in index["KeySchema"]
        if part["AttributeName"] not in ("pk", "sk")
    }
