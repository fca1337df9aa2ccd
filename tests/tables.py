"""The table of template.yaml, made where a test wants it: one definition for AWS and for tests."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import plain
from tests import limits
from tests.iam import guard
from tests.template import template

_numbers = itertools.count()
# MiniStack's server takes one request after the other, and its atomicity rests on that.
_turn = threading.Lock()


def create_table(client: Any) -> str:
    """Create the template's table under a new name, and return the name."""
    (defined,) = (
        resource["Properties"]
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::Table"
    )
    wanted = (
        *("AttributeDefinitions", "KeySchema", "BillingMode"),
        *("GlobalSecondaryIndexes", "LocalSecondaryIndexes"),
    )
    name = f"referrals-{next(_numbers)}"
    client.create_table(TableName=name, **{key: defined[key] for key in wanted})
    return name


class Body:
    """A body that was read already, as botocore expects one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


Answered = limits.Answered


def ministack_client(
    answered_by: Callable[[str, bytes], Answered] | None = None, **config: Any
) -> Any:
    """A DynamoDB client that MiniStack answers in this process: real capacity, real atomicity."""
    ask = answered_by or asked

    def answer(request: Any, **_: Any) -> AWSResponse:
        target = _text(request.headers["X-Amz-Target"])
        guard.dynamodb(target.split(".")[1], json.loads(request.body))
        status, headers, body = ask(target, request.body)
        headers = {k: v for k, v in headers.items() if k.lower() != "x-amz-crc32"}
        return AWSResponse(request.url, status, headers, Body(body))

    client = _session().client("dynamodb", config=Config(**config))
    client.meta.events.register("before-send.dynamodb", answer)
    return client


@cache
def _session() -> boto3.session.Session:
    """One for all: a session reads botocore's models once, which takes longer than most tests."""
    return boto3.session.Session()


def asked(target: str, body: bytes) -> Answered:
    """MiniStack's answer within AWS's limits; one request at a time, as its server does."""
    from ministack.services import dynamodb

    operation = target.split(".")[1]
    if refused := limits.refusal(operation, body):
        return refused
    coroutine = dynamodb.handle_request("POST", "/", {"x-amz-target": target}, body, {})
    try:
        with _turn:
            coroutine.send(None)
    except StopIteration as done:
        status, headers, answer = done.value
        raw = answer if isinstance(answer, bytes) else answer.encode()
        return status, headers, limits.in_part(operation, body, raw)
    raise AssertionError("MiniStack's DynamoDB waited for something")


class _DirectClient:
    """The calls of a client without the way through HTTP, signing and botocore's models."""

    def __init__(self, client: Any) -> None:
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        operation = name.title().replace("_", "")

        def call(**arguments: Any) -> Any:
            guard.dynamodb(operation, arguments)
            body = json.dumps(arguments).encode()
            status, _, raw = asked(f"DynamoDB_20120810.{operation}", body)
            answer = json.loads(raw)
            if status >= 400:
                code = answer.pop("__type").split("#")[-1]
                error = {"Code": code, "Message": answer.pop("message", answer.pop("Message", ""))}
                raise self.exceptions.from_code(code)({"Error": error, **answer}, operation)
            return answer

        return call


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


def ministack_table() -> Table:
    """A fresh table on in-process MiniStack."""
    client = ministack_client(retries={"mode": "standard", "total_max_attempts": 4})
    table = Table(create_table(client), client)
    table.__dict__["unrepeated"] = client
    return table


def direct_table() -> Table:
    """The same, several times as fast: for tests that make a hundred thousand calls."""
    table = ministack_table()
    direct: Any = _DirectClient(table.client)
    table.client = table.__dict__["unrepeated"] = direct
    return table


def everything(table: Table) -> list[dict[str, Any]]:
    """All items, to compare before and after."""
    return sorted(scanned(table), key=lambda item: (item["pk"], item["sk"]))


def scanned(table: Table) -> Iterator[dict[str, Any]]:
    """All items, page by page."""
    arguments: dict[str, Any] = {"TableName": table.name, "ConsistentRead": True}
    while True:
        answer = table.client.scan(**arguments)
        yield from map(plain, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
