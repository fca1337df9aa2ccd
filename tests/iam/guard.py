"""Stands before AWS as IAM does: what the running function's role does not allow is not done.

Which function runs is known from whoever invokes it. What a test does to the table by itself is
nobody's, and not looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ministack.core.iam_evaluator import EvalContext, ParsedStatement, evaluate, fnmatch_iam_cs

from tests.iam import asks
from tests.iam.asks import Ask
from tests.iam.roles import (
    ACCOUNT,
    ATTRIBUTES,
    KEYS,
    REGION,
    Permission,
    arn,
    bound_to,
    statements,
)

_running: ContextVar[str | None] = ContextVar("function", default=None)
_noted: list[set[Permission]] = []
_weighed: dict[tuple[str, ...], list[tuple[Any, ...]] | None] = {}


class Denied(BaseException):
    """The role does not allow it. No `except Exception` hears of this, so that a test fails."""


@contextmanager
def running(function: str) -> Iterator[None]:
    """What is asked of AWS inside is asked by functions/<function>."""
    before = _running.set(function)
    try:
        yield
    finally:
        _running.reset(before)


@contextmanager
def noting() -> Iterator[set[Permission]]:
    """The permissions that functions make use of inside."""
    used: set[Permission] = set()
    _noted.append(used)
    try:
        yield used
    finally:
        _noted.remove(used)


def dynamodb(operation: str, request: Mapping[str, Any]) -> None:
    """A request is about to reach the table. Denied unless all of it is allowed."""
    function = _running.get()
    if function is not None:
        for ask in asks.dynamodb(operation, request):
            _weigh(function, ask)


def secrets(kept: Mapping[str, str]) -> Callable[[str], str]:
    """A way to secrets, named as in the template, by their ARN, for whoever may read them."""
    by_arn = {arn(name): secret for name, secret in kept.items()}

    def read(identity: str) -> str:
        function = _running.get()
        if function is not None:
            _weigh(function, asks.secret(identity))
        return by_arn[identity]

    return read


def put_events(bus: str) -> None:
    """Events are about to be put on a bus. Denied unless that is allowed."""
    function = _running.get()
    if function is not None:
        _weigh(function, asks.put_events(bus))


def starts(started: list[tuple[str, Mapping[str, Any]]]) -> Callable[..., None]:
    """A way to start functions by their ARN, for whoever may; what is started is noted."""

    def start(identity: str, payload: Mapping[str, Any]) -> None:
        function = _running.get()
        if function is not None:
            _weigh(function, asks.start(identity))
        started.append((identity, payload))

    return start


def _weigh(function: str, ask: Ask) -> None:
    # The same question has the same answer, and histories ask the same again and again.
    asked = (function, ask.action, ask.resource, repr(ask.conditions))
    if asked not in _weighed:
        _weighed[asked] = allowed(statements(function), ask)
    used = _weighed[asked]
    if used is None:
        about = ", ".join(ask.keys) or ask.resource
        named = [one.sid for one in statements(function) if ask.action in one.actions]
        near = f"{', '.join(named)} allow it on other terms" if named else "no statement allows it"
        raise Denied(
            f"{function}: {ask.action} on {about} ({', '.join(ask.attributes)}) is denied; {near}"
        )
    for noted in _noted:
        noted |= {Permission(function, *one) for one in used}


def allowed(policy: list[ParsedStatement], ask: Ask) -> list[tuple[Any, ...]] | None:
    """What of the policy allows it, statement by statement in `Permission`s' terms; None: denied.

    The first statement that allows it is the one that is used: a second is superfluous.
    """
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/function/function",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=ask.action,
        resource_arn=ask.resource,
        region=REGION,
        service_context={name.lower(): value for name, value in ask.conditions.items()},
    )
    if evaluate(context, [policy]).decision != "Allow":
        return None
    by = next(one for one in policy if evaluate(context, [[one]]).decision == "Allow")
    action = next(one for one in by.actions if one.lower() == ask.action.lower())
    resource = next(one for one in by.resources if fnmatch_iam_cs(ask.resource, one))
    forms = bound_to(by, KEYS)
    matched = [_form(key, forms) for key in ask.keys] if forms else [None]
    named = [None, *ask.attributes] if bound_to(by, ATTRIBUTES) else [None]
    return [(by.sid, action, resource, keys, name) for keys in matched for name in named]


def _form(key: str, forms: list[str]) -> str:
    return next(form for form in forms if fnmatch_iam_cs(key, form))
