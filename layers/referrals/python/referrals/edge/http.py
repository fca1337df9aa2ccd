"""HTTP: one resolver with the envelope and the error map; a handler is wrapped by `serve`."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.event_handler.openapi.params import Path as _Path
from aws_lambda_powertools.event_handler.openapi.params import Query as _Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from referrals.dynamodb.parts import too_busy
from referrals.edge import service
from referrals.edge.telemetry import logger, metrics, unexpected
from referrals.rules.errors import (
    BodyTooLarge,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    Overloaded,
    ReferralError,
    StateConflict,
)

Event = dict[str, Any]
Answer = dict[str, Any]
# What is to be done once the answer is known.
After = Callable[[Answer], None]
# Looks at an event before anything is parsed; refuses by raising.
Guard = Callable[[APIGatewayHttpResolver, Event], After | None]
Resolve = Callable[[Event, LambdaContext], Answer]
# Handlers take Powertools' names from here, so that our package is the first to be loaded.
Path = _Path
Query = _Query
LARGEST_BODY = 16 * 1024
PREFIX = "/api/v1"


def api() -> APIGatewayHttpResolver:
    """A resolver that checks types, answers in the envelope and maps every error."""
    app = APIGatewayHttpResolver(
        enable_validation=True,
        response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        serializer=_compact,
    )

    def refusal(error: ReferralError) -> Response[Any]:
        return _refusal(app, error)

    def invalid_request(error: RequestValidationError) -> Response[Any]:
        return _refusal(app, invalid(error.errors()))

    def broken(error: Exception) -> Response[Any]:
        return _refusal(app, _failure(error))

    def unknown(error: NotFoundError) -> Response[Any]:
        return _refusal(app, NotFound("no such route"))

    app.exception_handler(ReferralError)(refusal)
    app.exception_handler([RequestValidationError, RequestUnsupportedContentType])(invalid_request)
    app.exception_handler([ResponseValidationError, Exception])(broken)
    app.not_found(unknown)
    return app


def serve(
    app: APIGatewayHttpResolver,
    guard: Guard | None = None,
    *,
    guard_reads_body: bool = False,
    resolve: Resolve | None = None,
) -> Callable[[Event, LambdaContext], Answer]:
    """The Lambda entry of a resolver, or of what stands in for it, behind its guard."""
    resolved = resolve or app.resolve

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Event, context: LambdaContext) -> Answer:
        request_id = _request_id(event, context)
        logger.append_keys(request_id=request_id)
        app.append_context(request_id=request_id)
        service.give_time(context)
        after = None
        try:
            after = guard(app, event) if guard else None
            answer = resolved(_checked(event, body_read=guard_reads_body), context)
        except ReferralError as error:
            answer = _plain_answer(_refusal(app, error))
        except Exception as error:
            answer = _plain_answer(_refusal(app, _failure(error)))
        finally:
            app.clear_context()
        answer.setdefault("headers", {})["x-request-id"] = request_id
        if after is not None:
            after(answer)
        if answer["statusCode"] >= HTTPStatus.BAD_REQUEST:
            # What went well stands in the API's access log, and need not be told twice.
            logger.info("refused", extra={"status": answer["statusCode"]})
        return answer

    return handler


def _failure(error: Exception) -> ReferralError:
    """What the caller is told of a failure: to come again, or no more than that it is ours."""
    if too_busy(error):
        logger.warning("overloaded", exc_info=error)
        return Overloaded("too much at once, try again")
    unexpected(error)
    return ReferralError("internal error")


def _refusal(app: APIGatewayHttpResolver, error: ReferralError) -> Response[Any]:
    """The envelope of an error: what the caller may know, and the id by which we find the rest."""
    data: dict[str, Any] = {"request_id": app.context.get("request_id")}
    headers: dict[str, str | list[str]] = {}
    if error.errors:
        data["errors"] = error.errors
    if isinstance(error, StateConflict):
        data["status"] = error.state
    if isinstance(error, LimitExceeded | Overloaded):
        data["retry_after"] = error.retry_after
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, LimitExceeded):
        headers |= error.headers
    body = {"code": int(error.status), "msg": error.message, "data": data}
    return Response(
        status_code=error.status, content_type="application/json", body=body, headers=headers
    )


def good(envelope: BaseModel) -> Answer:
    """The answer of an act that was carried out."""
    return _plain_answer(
        Response(
            status_code=HTTPStatus.OK,
            content_type="application/json",
            body=envelope.model_dump(mode="json"),
        )
    )


def _plain_answer(response: Response[Any]) -> Answer:
    headers = {"Content-Type": "application/json", **(response.headers or {})}
    return {
        "statusCode": int(response.status_code),
        "headers": headers,
        "body": _compact(response.body),
        "isBase64Encoded": False,
    }


def body_bytes(event: Event, largest: int) -> bytes:
    """The body as it was sent. InvalidRequest where it cannot be decoded, BodyTooLarge."""
    body = event.get("body") or ""
    try:
        raw = (
            base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        )
    except ValueError as error:
        raise InvalidRequest("the body cannot be decoded") from error
    if len(raw) > largest:
        raise BodyTooLarge(f"the body is over {largest // 1024} KB")
    return raw


def _checked(event: Event, *, body_read: bool) -> Event:
    """The event with a path as routes spell it, and a body that is a JSON object, whatever type
    the client called it; without one where a guard has read it.
    """
    raw = b"" if body_read else body_bytes(event, LARGEST_BODY)
    if not raw.strip():
        body = "{}"
    else:
        try:
            read = json.loads(raw, parse_constant=_no_constant)
            body = json.dumps(read, ensure_ascii=False)
            body.encode()
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("the body is not well-formed JSON") from error
        # The resolver would take a list's only element for the body.
        if not isinstance(read, dict):
            raise InvalidRequest.field("body", "must be a JSON object")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    headers["content-type"] = "application/json"
    return {
        **event,
        "rawPath": _own_path(event["rawPath"], event.get("routeKey", "")),
        "headers": headers,
        "body": body,
        "isBase64Encoded": False,
    }


def _own_path(path: str, route: str) -> str:
    """Without what a custom domain's mapping puts before it, which API Gateway leaves there."""
    own = route.partition(" ")[2]
    if own and not own.startswith(PREFIX):
        return "/" + "/".join(path.split("/")[-own.count("/") :])
    return path[max(path.rfind(f"{PREFIX}/"), 0) :]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _request_id(event: Event, context: LambdaContext) -> str:
    return str((event.get("requestContext") or {}).get("requestId") or context.aws_request_id)


def invalid(problems: Iterable[Mapping[str, Any]]) -> InvalidRequest:
    """The refusal that names every field in which a validation found fault."""
    found = []
    for problem in problems:
        place = [str(part) for part in problem["loc"] if part not in ("body", "query", "path")]
        found.append({"field": ".".join(place) or "body", "message": str(problem["msg"])})
    return InvalidRequest("invalid parameters", errors=found)


def _compact(body: Any) -> str:
    return json.dumps(_present(body), separators=(",", ":"), ensure_ascii=False)


def _present(value: Any) -> Any:
    """Absent values are left out of every answer."""
    if isinstance(value, dict):
        return {name: _present(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_present(inner) for inner in value]
    return value
