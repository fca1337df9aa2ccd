"""Cursors: a place in a list, signed, so that only what was handed out is taken back."""

import base64
import hashlib
import hmac
import json

from referrals.rules.errors import InvalidRequest

_SIGNATURE_BYTES = 16


def sealed(secret: bytes, scope: str, place: tuple[str, ...]) -> str:
    """An opaque cursor for a place; `scope` names the list and the filters that it belongs to."""
    payload = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(secret, scope, payload) + payload).decode()


def opened(secret: bytes, scope: str, cursor: str, field: str = "cursor") -> tuple[str, ...]:
    """The place of a cursor. InvalidRequest for one that is not of this list, or tampered with."""
    try:
        raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(secret, scope, payload)):
            raise ValueError("not signed here")
        # Base64 has spare bits at its end; only the very text that was handed out is good.
        if sealed(secret, scope, tuple(json.loads(payload))) != cursor:
            raise ValueError("not the text that was handed out")
        return tuple(json.loads(payload))
    except ValueError as error:
        raise InvalidRequest.field(field, "not a cursor of this list") from error


def _signature(secret: bytes, scope: str, payload: bytes) -> bytes:
    message = f"cursor\0{scope}\0".encode() + payload
    return hmac.new(secret, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
