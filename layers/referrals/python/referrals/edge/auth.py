"""Who may call: API keys and JWTs, each leading to one caller with one role."""

import time
import zlib
from dataclasses import dataclass
from functools import partial

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from referrals.edge import clock, service
from referrals.edge.http import After, Event, Guard
from referrals.edge.metering import Take, charged, counted
from referrals.edge.settings import settings
from referrals.edge.tokens import verified_claims
from referrals.rules.errors import Forbidden, Unauthorized
from referrals.rules.plans import DEFAULT_PLAN, STAFF_PLAN
from referrals.store import api_keys
from referrals.store.api_keys import ApiKey
from referrals.store.metering import charge, charge_included

ADMIN = "admin"
SERVICE = "service"
MEMBER = "member"
ROLES = (ADMIN, SERVICE, MEMBER)

_KEY_PREFIX = "rfk_"
_CHECKSUM_LENGTH = 8
# A revoked key is refused everywhere after this many seconds.
_KEY_AGE = 30.0
_recent_keys: dict[str, tuple[ApiKey | None, float]] = {}
_MOST_RECENT_KEYS = 1_000


@dataclass(frozen=True)
class Caller:
    """Who calls. `name` stands in audit trails; `user_id` is whose account pays, which begins on
    `plan`."""

    name: str
    user_id: str
    role: str
    plan: str = DEFAULT_PLAN


def allow(*roles: str) -> Guard:
    """A guard that lets callers with one of the roles pass, for a credit.

    Unauthorized, Forbidden, LimitExceeded.
    """

    def guard(app: APIGatewayHttpResolver, event: Event) -> After:
        caller = identify(event)
        if caller.role not in roles:
            raise Forbidden(f"{roles[0]} plan required")
        app.append_context(caller=caller)
        return _metered(caller, partial(charge, plan=caller.plan))

    return guard


def allow_user(app: APIGatewayHttpResolver, event: Event) -> None:
    """A guard that lets every user with a valid token pass, for nothing. Unauthorized."""
    app.append_context(caller=_by_token(_headers(event).get("authorization", "")))


def allow_anyone(app: APIGatewayHttpResolver, event: Event) -> After | None:
    """A guard that lets everyone pass; only one who sends a key pays. Unauthorized, LimitExceeded.

    They pay with included credits alone: whoever serves strangers must not touch a balance.
    """
    if "x-api-key" not in _headers(event):
        return None
    return _metered(identify(event), charge_included)


def _metered(caller: Caller, take: Take) -> After:
    """A machine of the product's is no customer on a plan."""
    return counted(caller.user_id) if caller.role == SERVICE else charged(caller.user_id, take)


def caller(app: APIGatewayHttpResolver) -> Caller:
    """The caller that the guard let pass."""
    found = app.context["caller"]
    assert isinstance(found, Caller)
    return found


def identify(event: Event) -> Caller:
    """The caller by their key or token. Unauthorized without valid credentials."""
    headers = _headers(event)
    if "x-api-key" in headers:
        return _by_key(headers["x-api-key"])
    return _by_token(headers.get("authorization", ""))


def _headers(event: Event) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _by_key(text: str) -> Caller:
    key = _recent_key(text.strip()) if is_well_formed(text.strip()) else None
    if key is None or key.revoked_at is not None:
        raise Unauthorized("invalid API key")
    return Caller(name=key.user_id, user_id=key.user_id, role=key.role)


def _recent_key(text: str) -> ApiKey | None:
    digest = api_keys.digest(text)
    known = _recent_keys.get(digest)
    if known and time.monotonic() - known[1] < _KEY_AGE:
        return known[0]
    key = api_keys.find(service.table(), text)
    if len(_recent_keys) >= _MOST_RECENT_KEYS:
        _recent_keys.clear()
    if key is not None:
        _recent_keys[digest] = key, time.monotonic()
        if key.revoked_at is None:
            api_keys.note_use(service.table(), text, key, clock.now())
    return key


def _by_token(authorization: str) -> Caller:
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() not in ("token", "bearer") or not token.strip():
        raise Unauthorized("credentials required")
    claims = verified_claims(token.strip(), settings().jwt)
    subject = str(claims["sub"])
    role = claims.get(settings().jwt.role_claim)
    return Caller(
        name=subject,
        user_id=subject,
        role=role if role in ROLES else MEMBER,
        # A key is made with the plan that whoever makes it finds right; a token nobody makes.
        plan=STAFF_PLAN if role == ADMIN else DEFAULT_PLAN,
    )


def new_key(entropy: bytes) -> str:
    """A key of 160 random bits: a prefix that secret scanners find, and a checksum of typing."""
    body = entropy[:20].hex()
    return f"{_KEY_PREFIX}{body}{_checksum(body)}"


def is_well_formed(text: str) -> bool:
    """Whether a text can be a key at all; a mistyped one costs no read."""
    if not text.startswith(_KEY_PREFIX) or not text.isascii():
        return False
    body = text[len(_KEY_PREFIX) : -_CHECKSUM_LENGTH]
    return text[-_CHECKSUM_LENGTH:] == _checksum(body)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
