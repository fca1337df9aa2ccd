"""API keys: stored as their SHA-256, found by it, so that no comparison can leak by its time."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys
from referrals.store.table import Item, Table


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What a key may do and for whom; never the key itself."""

    id: str
    user_id: str
    role: str
    created_at: datetime
    revoked_at: datetime | None = None


def digest(secret_key: str) -> str:
    """The SHA-256 by which a key is stored; keys carry 160 random bits, so no salt is needed."""
    return hashlib.sha256(secret_key.encode()).hexdigest()


def create(table: Table, secret_key: str, key: ApiKey) -> None:
    """Store a new key's digest. Refused where the digest exists."""
    place = keys.api_key(digest(secret_key))
    item: Item = {
        "pk": place.pk,
        "sk": place.sk,
        "id": key.id,
        "user_id": key.user_id,
        "role": key.role,
        "created_at": timestamp(key.created_at),
    }
    table.write(table.put("api_key", item, unless="attribute_not_exists(pk)"))


def find(table: Table, secret_key: str) -> ApiKey | None:
    """The key, revoked or not; None for an unknown one."""
    item = table.get(keys.api_key(digest(secret_key)))
    return _key_from(item) if item else None


def _key_from(item: Item) -> ApiKey:
    revoked = item.get("revoked_at")
    return ApiKey(
        id=item["id"],
        user_id=item["user_id"],
        role=item["role"],
        created_at=parse_timestamp(item["created_at"]),
        revoked_at=parse_timestamp(revoked) if revoked else None,
    )
