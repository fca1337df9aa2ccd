"""The simulation's client is a short cut past HTTP: faults must look the same on both ways."""

import json
from dataclasses import dataclass, field

import botocore.endpoint
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.emulator import Emulator
from tests.simulation.faults import URL, Client, Fault
from tests.tables import ministack_client

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
CONDITION = {"ConditionExpression": "attribute_exists(pk)"}
CALLS = {
    "read": ("get_item", {"Key": KEY}),
    "write": ("put_item", {"Item": KEY}),
    "refused write": (
        "put_item",
        {"Item": KEY, **CONDITION, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
    ),
    "transaction": ("transact_write_items", {"TransactItems": [{"Put": {"Item": KEY}}]}),
    "refused transaction": (
        "transact_write_items",
        {"TransactItems": [{"Put": {"Item": KEY, **CONDITION}}]},
    ),
}
FAULTS = (Fault.NONE, Fault.LOST_REQUEST, Fault.LOST_RESPONSE, Fault.THROTTLE, Fault.CONFLICT)


@dataclass
class Always:
    """The same fault for every call, and how many there were."""

    fault: Fault
    sent: list[object] = field(default_factory=list)

    def before(self, call):
        self.sent.append(call.arguments.get("ClientRequestToken"))
        return self.fault

    def after(self, call, fault, result):
        pass

    def wait(self, seconds):
        pass

    def token(self):
        return "token"


class Body:
    def __init__(self, text):
        self.text = text

    def stream(self, **_):
        yield self.text.encode()


def over_http(emulator, weather, attempts):
    """The SDK's own client, with the same weather right before the network."""
    client = ministack_client(retries={"mode": "standard", "total_max_attempts": attempts})

    def answer(request, **_):
        operation = request.headers["X-Amz-Target"].decode().split(".")[-1]
        arguments = json.loads(request.body)
        weather.sent.append(arguments.get("ClientRequestToken"))
        error = {
            Fault.THROTTLE: {"__type": "x#ThrottlingException"},
            Fault.CONFLICT: {"__type": "x#TransactionConflictException"},
        }.get(weather.fault)
        if weather.fault is Fault.CONFLICT and operation == "TransactWriteItems":
            reasons = [{"Code": "TransactionConflict", "Message": "in use"}]
            error = {"__type": "x#TransactionCanceledException", "CancellationReasons": reasons}
        if weather.fault is Fault.LOST_REQUEST:
            raise ReadTimeoutError(endpoint_url=URL)
        status, found = (400, error) if error else emulator.ask(operation, request.body)
        if weather.fault is Fault.LOST_RESPONSE:
            raise ReadTimeoutError(endpoint_url=URL)
        return AWSResponse(request.url, status, {}, Body(json.dumps(found)))

    client.meta.events.register_first("before-send.dynamodb", answer)
    return client


@pytest.fixture(scope="module")
def emulator():
    return Emulator()


def seen_through(client, weather, emulator, call):
    """What the caller sees, and what was sent."""
    emulator.restore({})
    operation, arguments = CALLS[call]
    arguments = json.loads(json.dumps(arguments))
    place = arguments["TransactItems"][0]["Put"] if "TransactItems" in arguments else arguments
    place["TableName"] = emulator.name
    try:
        getattr(client, operation)(**arguments)
    except ReadTimeoutError as error:
        seen = type(error).__name__
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = [one["Code"] for one in error.response.get("CancellationReasons", [])]
        seen = type(error).__name__, code, reasons, error.response.get("Item")
    else:
        seen = "done"
    return seen, len(weather.sent), len(set(weather.sent))


@pytest.mark.parametrize("attempts", [1, 4])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_looks_as_it_does_through_the_sdk(monkeypatch, emulator, call, fault, attempts):
    if fault is Fault.CONFLICT and call == "read":
        return
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)
    direct, through_http = Always(fault), Always(fault)
    client = Client(emulator, direct, attempts)
    assert seen_through(client, direct, emulator, call) == seen_through(
        over_http(emulator, through_http, attempts), through_http, emulator, call
    )
