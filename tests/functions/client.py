"""Requests as API Gateway's HTTP API hands them to a function (payload format 2.0)."""

import base64
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.iam.guard import running

PREFIX = "/api/v1"
ADDRESS = "203.0.113.77"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) TestBrowser/1.0"
NO_BODY = object()

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]
_numbers = itertools.count(1)


class Context(LambdaContext):
    """What the runtime tells a function of its invocation."""

    def __init__(self) -> None:
        self._aws_request_id = f"00000000-0000-4000-8000-{next(_numbers):012d}"
        self._function_name = "under-test"
        self._function_version = "$LATEST"
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:under-test"
        self._memory_limit_in_mb = 512
        self._log_group_name = "/aws/lambda/under-test"
        self._log_stream_name = "2026/01/01/[$LATEST]0"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@dataclass(frozen=True)
class Answer:
    """What the function answered, and to which request."""

    status: int
    headers: Mapping[str, str]
    text: str
    request_id: str
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def good(self) -> Any:
        """The data of an answer that must be a 200."""
        assert self.status == 200, self.text
        return self.data

    @property
    def fields(self) -> list[str]:
        """The fields that the answer finds fault with."""
        return [problem["field"] for problem in self.data.get("errors", [])]


def handler_of(function: str) -> Handler:
    """The entry of functions/<function>, which may do there what its role allows."""
    handler: Handler = import_module(f"functions.{function}.handler").handler

    def with_its_role(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        with running(function):
            return handler(event, context)

    return with_its_role


def event(
    method: str,
    path: str,
    *,
    body: Any = NO_BODY,
    key: str | None = None,
    token: str | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    address: str = ADDRESS,
    encoded: bool = False,
) -> dict[str, Any]:
    """The event of one request. A text or bytes body is sent as it is, any other as its JSON."""
    sent = {"host": "api.example.com", "user-agent": AGENT, "x-forwarded-for": address}
    if body is not NO_BODY:
        sent["content-type"] = "application/json"
    if key is not None:
        sent["x-api-key"] = key
    if token is not None:
        sent["authorization"] = f"Token {token}"
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {PREFIX}{path}",
        "rawPath": PREFIX + path,
        "rawQueryString": urlencode(query or {}),
        "headers": sent,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api1234567",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": PREFIX + path,
                "protocol": "HTTP/1.1",
                "sourceIp": address,
                "userAgent": sent["user-agent"],
            },
            "requestId": f"Request{next(_numbers)}=",
            "routeKey": f"{method} {PREFIX}{path}",
            "stage": "$default",
            "time": "20/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795176000000,
        },
        "isBase64Encoded": encoded or isinstance(body, bytes),
    }
    if query:
        made["queryStringParameters"] = dict(query)
    if isinstance(body, bytes):
        made["body"] = base64.b64encode(body).decode()
    elif body is not NO_BODY:
        made["body"] = body if isinstance(body, str) else json.dumps(body)
    return made


def send(handler: Handler, request: dict[str, Any]) -> Answer:
    """Call the handler with an event and read its answer: in the envelope, or a spreadsheet's."""
    answer = handler(request, Context())
    status, headers, text = answer["statusCode"], answer["headers"], answer["body"]
    request_id = request["requestContext"]["requestId"]
    assert headers["x-request-id"] == request_id
    if headers["Content-Type"].startswith("text/csv"):
        assert status == 200
        return Answer(status, headers, text, request_id, {"data": text})
    body = json.loads(text)
    assert set(body) == {"code", "msg", "data"}
    assert body["code"] == status
    assert isinstance(body["msg"], str)
    if status >= 400:
        assert body["data"]["request_id"] == request_id
        assert body["msg"]
    else:
        assert body["msg"] == "ok"
    return Answer(status, headers, text, request_id, body)


def request(function: str, method: str, path: str, **details: Any) -> Answer:
    """One request to functions/<function>."""
    return send(handler_of(function), event(method, path, **details))


def invoke(function: str, payload: Mapping[str, Any]) -> Any:
    """What functions/<function> answers to a payload that no gateway wraps."""
    return handler_of(function)(dict(payload), Context())
