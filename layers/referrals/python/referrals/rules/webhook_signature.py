"""How an event is signed for one endpoint, as Standard Webhooks 1.0.0 says.

A secret is kept nowhere: it follows from the hashing secret and from a salt that the table holds.
Neither alone tells it, and it can be replaced by another salt.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"


def secret_of(hashing_secret: bytes, endpoint_id: str, salt: str) -> str:
    """The endpoint's signing secret for a salt, as its receiver is shown it: 256 bits."""
    message = f"webhook\0{endpoint_id}\0{salt}".encode()
    key = hmac.new(hashing_secret, message, hashlib.sha256).digest()
    return _PREFIX + base64.b64encode(key).decode()


def signed(event_id: str, body: str, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of one try, at a time in UTC, signed with every secret in force."""
    signatures = [Webhook(secret).sign(event_id, at, body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
