"""What may befall a request to DynamoDB, and the client that it befalls."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ReadTimeoutError
from botocore.retries.standard import RetryContext, StandardRetryConditions

from tests.iam import guard
from tests.simulation.emulator import Emulator

URL = "https://dynamodb.us-east-1.amazonaws.com/"
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})


class Fault(StrEnum):
    """The ways in which a request goes wrong."""

    NONE = "ok"
    LOST_REQUEST = "lost request"
    LOST_RESPONSE = "lost response"
    LATE = "arrives after it was given up"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    THROTTLE = "throttle"
    CONFLICT = "conflict"
    STALE = "stale read"
    # DynamoDB answers with a part where all is more than 1 MB, or 16 MB of a batch.
    PART = "a part of the answer"
    HELD = "held for minutes"
    HELD_CRASH = "held for minutes, then crash after"


# A request is held for minutes on its way; its client gives up and sends it again meanwhile.
HOLDS = (Fault.HELD, Fault.HELD_CRASH)
FAULTS = tuple(fault for fault in Fault if fault not in (Fault.NONE, *HOLDS))


class Crash(BaseException):
    """The process died: nothing of it runs on, no `except Exception` hears of it."""


class Call(NamedTuple):
    """One request as it leaves the process."""

    operation: str
    arguments: dict[str, Any]

    @property
    def writes(self) -> bool:
        return self.operation in WRITES

    @property
    def may_lag(self) -> bool:
        """Whether it reads from an index, or from the table without asking for the latest."""
        batches = self.arguments.get("RequestItems", {}).values()
        return "IndexName" in self.arguments or any(not one["ConsistentRead"] for one in batches)

    @property
    def may_be_cut(self) -> bool:
        """Whether it may be answered in part: of a batch, one key at least is read."""
        batches = self.arguments.get("RequestItems", {}).values()
        return self.operation in ("Query", "Scan") or any(len(one["Keys"]) > 1 for one in batches)

    @property
    def possible(self) -> tuple[Fault, ...]:
        """The faults that can befall a request of this kind."""
        excluded = {Fault.CONFLICT, Fault.LATE} if not self.writes else set()
        if not self.may_lag:
            excluded.add(Fault.STALE)
        if not self.may_be_cut:
            excluded.add(Fault.PART)
        return tuple(fault for fault in FAULTS if fault not in excluded)

    @property
    def places(self) -> str:
        """Which items it is about, for people."""
        writes = self.arguments.get("TransactItems") or [{"": self.arguments}]
        found = [_place(write) for one in writes for write in one.values()]
        return " ".join(filter(None, found))


def _place(arguments: dict[str, Any]) -> str:
    key = arguments.get("Key") or arguments.get("Item")
    if key:
        return f"{key['pk']['S']}/{key['sk']['S']}"
    if "RequestItems" in arguments:
        (wanted,) = arguments["RequestItems"].values()
        return " ".join(f"{key['pk']['S']}/{key['sk']['S']}" for key in wanted["Keys"])
    values = arguments.get("ExpressionAttributeValues", {}).values()
    return " ".join([arguments.get("IndexName", ""), *(str(v.get("S")) for v in values)])


class Weather(Protocol):
    """Where faults come from, and what happens between calls."""

    def before(self, call: Call) -> Fault:
        """Let the others go on; then the fault that befalls this call."""

    def after(self, call: Call, fault: Fault, result: str) -> None:
        """What became of it."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def later(self, act: Callable[[], object]) -> None:
        """Do something at another time."""

    def index_answer(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        """What an index that lags behind answers."""

    def token(self) -> str:
        """A new idempotency token."""


@dataclass
class Client:
    """A DynamoDB client by botocore's rules for retries, but without its way over HTTP."""

    emulator: Emulator
    weather: Weather
    attempts: int
    _model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.exceptions = self.emulator.client.exceptions
        self._model = self.emulator.client.meta.service_model
        self._conditions = StandardRetryConditions(max_attempts=self.attempts)

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = name.title().replace("_", "")
        return lambda **arguments: self._call(Call(operation, arguments))

    def _call(self, call: Call) -> dict[str, Any]:
        if call.operation == "TransactWriteItems":
            call.arguments.setdefault("ClientRequestToken", self.weather.token())
        guard.dynamodb(call.operation, call.arguments)
        body = json.dumps(call.arguments).encode()
        number = 0
        while True:
            number += 1
            status, parsed, lost = 0, {}, None
            try:
                status, parsed = self._send(call, body)
            except ReadTimeoutError as error:
                lost = error
            if lost is None and status < 300:
                return parsed
            context = RetryContext(
                number,
                operation_model=self._model.operation_model(call.operation),
                parsed_response=parsed or None,
                http_response=_Http(status) if status else None,
                caught_exception=lost,
            )
            if not self._conditions.is_retryable(context):
                if lost is not None:
                    raise lost
                code = parsed["Error"]["Code"]
                raise self.exceptions.from_code(code)(parsed, call.operation)
            self.weather.wait(self._backoff(number))

    def _backoff(self, number: int) -> float:
        """Seconds before the next try: longer each time."""
        return 0.05 * 2**number

    def _send(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        fault = self.weather.before(call)
        result = "nothing"
        try:
            status, parsed = self._befall(call, body, fault)
            result = parsed["Error"]["Code"] if status >= 300 else "done"
        finally:
            self.weather.after(call, fault, result)
        return status, parsed

    def _befall(self, call: Call, body: bytes, fault: Fault) -> tuple[int, dict[str, Any]]:
        match fault:
            case Fault.LOST_REQUEST:
                raise ReadTimeoutError(endpoint_url=URL)
            case Fault.CRASH_BEFORE:
                raise Crash
            case Fault.LATE:
                self.weather.later(lambda: self.emulator.ask(call.operation, body))
                raise ReadTimeoutError(endpoint_url=URL)
            case Fault.THROTTLE:
                return error("ThrottlingException")
            case Fault.CONFLICT:
                return conflict(call)
            case Fault.STALE:
                return self.weather.index_answer(call, body)
        status, answer = self._asked(call, body, part=fault is Fault.PART)
        if fault is Fault.LOST_RESPONSE:
            raise ReadTimeoutError(endpoint_url=URL)
        if fault in (Fault.CRASH_AFTER, Fault.HELD_CRASH):
            raise Crash
        if status < 300:
            return status, answer
        return error(answer.pop("__type").split("#")[-1], **answer)

    def _asked(self, call: Call, body: bytes, *, part: bool) -> tuple[int, dict[str, Any]]:
        """The answer; a part of it is a page of one item, or half of a batch and the other keys."""
        if not part:
            return self.emulator.ask(call.operation, body)
        if call.operation != "BatchGetItem":
            page = json.dumps(call.arguments | {"Limit": 1}).encode()
            return self.emulator.ask(call.operation, page)
        ((name, wanted),) = call.arguments["RequestItems"].items()
        half = (len(wanted["Keys"]) + 1) // 2
        first, rest = (
            {**wanted, "Keys": k} for k in (wanted["Keys"][:half], wanted["Keys"][half:])
        )
        batch = json.dumps({"RequestItems": {name: first}}).encode()
        status, answer = self.emulator.ask(call.operation, batch)
        return status, answer | {"UnprocessedKeys": {name: rest}}


@dataclass
class _Http:
    status_code: int
    headers: dict[str, str] = field(default_factory=dict)


def error(code: str, **more: Any) -> tuple[int, dict[str, Any]]:
    message = more.get("message", more.get("Message", code))
    return 400, {"Error": {"Code": code, "Message": message}, **more}


def conflict(call: Call) -> tuple[int, dict[str, Any]]:
    if call.operation != "TransactWriteItems":
        return error("TransactionConflictException")
    others = [{"Code": "None"}] * (len(call.arguments["TransactItems"]) - 1)
    reasons = [{"Code": "TransactionConflict", "Message": "in use"}, *others]
    return error("TransactionCanceledException", CancellationReasons=reasons)
