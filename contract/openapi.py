"""docs/openapi.json: the whole API from the handlers' own types; `--check` tells of drift.

The resolvers know paths, parameters and bodies. What stands before them (credentials, the
envelope of refusals, the headers) is added here, by who may call.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import Server

from contract.answers import ANSWERS, EXTRAS, HEADERS, REFUSAL, REFUSALS

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "openapi.json"
Schema = dict[str, Any]

KEY: Schema = {"apiKey": []}
TOKEN: Schema = {"jwt": []}
CHARGED = ("RateLimit", "RateLimit-Policy", "X-Credits-Charged", "X-Credits-Remaining")


@dataclass(frozen=True)
class Access:
    """Who may call, and how those are answered who may not."""

    security: tuple[Schema, ...]
    refusals: tuple[int, ...]
    charged: bool = False


ADMIN = Access((KEY, TOKEN), (401, 403, 429), charged=True)
USER = Access((TOKEN,), (401,))
# Only one who sends a key pays.
VISITOR = Access(({}, KEY), (401, 429), charged=True)
ANYONE = Access(({},), ())
STRIPE = Access(({},), (502,))
ACCESS = {
    "capture_click": VISITOR,
    "follow_link": ANYONE,
    "serve_card": ANYONE,
    "serve_console": ANYONE,
    "serve_embed": ANYONE,
    "my_referrals": USER,
    "my_referral_events": USER,
    "stripe_webhook": STRIPE,
}
DEPENDING_ON_STATE = {
    "attribute_signup",
    "approve_referral",
    "disable_code",
    "enable_code",
    "reject_referral",
}
# No envelope, but what a spreadsheet opens.
CSV = {"export_referrals"}
# They name in their query whom they are about.
NAMING = {"pull_events"}
# They derive ids, hash or sign cursors.
HASHING = {
    "attribute_signup",
    "capture_click",
    "create_webhook_endpoint",
    "erase_user",
    "get_account",
    "get_referral",
    "list_referrals",
    "my_referral_events",
    "my_referrals",
    "pull_events",
    "replay_events",
    "rotate_webhook_secret",
    "send_test_event",
    "stripe_webhook",
}

SIGNATURE: Schema = {
    "name": "Stripe-Signature",
    "in": "header",
    "required": True,
    "description": "`t=<unix time>,v1=<HMAC-SHA-256 of time, dot and body>`",
    "schema": {"type": "string"},
}


def document() -> Schema:
    """The document of all functions that serve HTTP."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    merged = OpenAPIMerge(
        title="Referrals",
        version=project["version"],
        description="Clicks, signups, rewards and credits of a referral programme.",
        servers=[Server(url="/")],
        on_conflict="error",
    )
    for function in sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py")):
        module = import_module(f"functions.{function}.handler")
        if hasattr(module, "app"):
            merged.add_schema(_described(function, module))
    whole = merged.get_openapi_schema()
    for unused in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        whole["components"]["schemas"].pop(unused, None)
    whole["components"]["schemas"]["Refusal"] = REFUSAL
    whole["components"]["securitySchemes"] = {
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
    whole["components"]["headers"] = {
        name: {"description": text, "schema": {"type": kind}}
        for name, (kind, text) in HEADERS.items()
    }
    return whole


def _described(function: str, module: ModuleType) -> Schema:
    """The resolver's own schema of one operation, with what it cannot know."""
    schema: Schema = json.loads(module.app.get_openapi_json_schema())
    ((path, methods),) = schema["paths"].items()
    # A HEAD is answered as a GET is.
    methods.pop("head", None)
    ((_, operation),) = methods.items()
    access = ACCESS.get(function, ADMIN)
    event = json.loads((ROOT / "events" / f"{function}.json").read_text())
    operation |= {
        "operationId": function,
        "summary": _summary(module),
        "security": [dict(scheme) for scheme in access.security],
    }
    _describe_parameters(operation, event)
    _describe_body(operation, event, schema["components"]["schemas"])
    if access is STRIPE:
        _describe_event_of_stripe(operation, event)
    if access is ANYONE:
        operation["responses"] = FOR_BROWSERS[function]()
    else:
        operation["responses"] = _responses(function, path, operation, access)
    return schema


def _summary(module: ModuleType) -> str:
    """What the handler's docstring says after the route."""
    text = (module.__doc__ or "").partition(": ")[2].splitlines()[0].rstrip(".")
    return text[:1].upper() + text[1:]


def _describe_parameters(operation: Schema, event: Schema) -> None:
    given = (event.get("queryStringParameters") or {}) | (event.get("pathParameters") or {})
    for parameter in operation.get("parameters", []):
        name = {"attribution_id": "id", "endpoint_id": "id"}.get(
            parameter["name"], parameter["name"]
        )
        if name in given:
            parameter["example"] = _value(given[name], parameter["schema"])


def _describe_body(operation: Schema, event: Schema, models: Schema) -> None:
    body = operation.get("requestBody")
    if body is None:
        return
    content = body["content"]["application/json"]
    model = models[content["schema"]["$ref"].rpartition("/")[2]]
    # Where nothing in a body is required, it need not be there itself.
    body["required"] = bool(model.get("required"))
    content["example"] = json.loads(event["body"])


_EXAMPLE_TIME = 1_773_342_238


def _describe_event_of_stripe(operation: Schema, event: Schema) -> None:
    """The handler takes the bytes that were signed, so its resolver knows of no body."""
    # What sends the event fills the time in; the document shows one.
    example = json.loads(event["body"].replace("<now>", str(_EXAMPLE_TIME)))
    content = {"schema": {"type": "object"}, "example": example}
    operation["parameters"] = [SIGNATURE]
    operation["requestBody"] = {"required": True, "content": {"application/json": content}}


def _value(text: str, schema: Schema) -> Any:
    kinds = [schema, *schema.get("anyOf", [])]
    wanted = {kind.get("type") for kind in kinds}
    return json.loads(text) if wanted & {"integer", "boolean"} else text


def _responses(function: str, path: str, operation: Schema, access: Access) -> Schema:
    good = operation["responses"]["200"]
    if function in CSV:
        return _csv(function, access)
    good["description"] = "Done"
    good["headers"] = _headers("x-request-id", *(CHARGED if access.charged else ()))
    good["content"]["application/json"]["example"] = {
        "code": 200,
        "msg": "ok",
        "data": ANSWERS[function],
    }
    statuses = {500, 503, *access.refusals}
    if "parameters" in operation or "requestBody" in operation:
        statuses.add(400)
    if "requestBody" in operation:
        statuses.add(413)
    if "{" in path or function in NAMING:
        statuses.add(404)
    if function in HASHING:
        statuses.add(503)
    if function in DEPENDING_ON_STATE:
        statuses.add(409)
    return {"200": good} | {str(status): _refusal(status) for status in sorted(statuses)}


def _csv(function: str, access: Access) -> Schema:
    content = {"schema": {"type": "string"}, "example": ANSWERS[function]}
    good = {
        "description": "Done",
        "headers": _headers("x-request-id", "X-Next-Cursor", *CHARGED),
        "content": {"text/csv": content},
    }
    statuses = sorted({400, 500, 503, *access.refusals})
    return {"200": good} | {str(status): _refusal(status) for status in statuses}


def _redirects() -> Schema:
    names = ("x-request-id", "Location", "Set-Cookie", "Cache-Control")
    found = {"description": "Go on to the landing page", "headers": _headers(*names)}
    return {"302": found} | {str(status): _refusal(status) for status in (400, 404, 413, 500)}


def _file(what: str, kind: str) -> Schema:
    names = ("x-request-id", "ETag", "Cache-Control")
    content = {kind: {"schema": {"type": "string"}}}
    given = {"description": what, "headers": _headers(*names), "content": content}
    known = {"description": "The browser has it already", "headers": _headers("ETag")}
    return {"200": given, "304": known, "500": _refusal(500)}


FOR_BROWSERS: dict[str, Callable[[], Schema]] = {
    "follow_link": _redirects,
    "serve_card": lambda: _file("The script", "text/javascript"),
    "serve_console": lambda: _file("The page", "text/html"),
    "serve_embed": lambda: _file("The script", "text/javascript"),
}


def _refusal(status: int) -> Schema:
    description, message = REFUSALS[status]
    data = {"request_id": "Kx7mTjPqoAMEJ0g=", **EXTRAS.get(status, {})}
    return {
        "description": description,
        "headers": _headers("x-request-id", *(("Retry-After",) if "retry_after" in data else ())),
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Refusal"},
                "example": {"code": status, "msg": message, "data": data},
            }
        },
    }


def _headers(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def written() -> str:
    """The document as it stands in the file: the same text for the same code."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python -m contract.openapi [--check]", file=sys.stderr)
        return 2
    text, place = written(), DOCUMENT.relative_to(ROOT)
    if not arguments:
        DOCUMENT.write_text(text)
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text() == text:
        return 0
    print(f"{place} is not what the handlers say: python -m contract.openapi writes it anew")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
