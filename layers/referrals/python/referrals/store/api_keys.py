"""API keys: stored as their SHA-256, found by it, so that no comparison can leak by its time."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.errors import NotFound
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What a key may do and for whom; never the key itself."""

    id: str
    user_id: str
    role: str
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_on: str | None = None


def digest(secret_key: str) -> str:
    """The SHA-256 by which a key is stored; keys carry 160 random bits, so no salt is needed."""
    return hashlib.sha256(secret_key.encode()).hexdigest()


def create(table: Table, secret_key: str, key: ApiKey) -> None:
    """Store a new key by its digest, and the digest under its owner. Refused for a known one."""
    found_by, owned = keys.api_key(digest(secret_key)), keys.api_key_of(key.user_id, key.id)
    item: Item = {
        "pk": found_by.pk,
        "sk": found_by.sk,
        "id": key.id,
        "user_id": key.user_id,
        "role": key.role,
        "created_at": timestamp(key.created_at),
    }
    table.transact(
        [
            table.put("api_key", item, unless="attribute_not_exists(pk)"),
            table.put("owned", {"pk": owned.pk, "sk": owned.sk, "digest": digest(secret_key)}),
        ]
    )


def find(table: Table, secret_key: str) -> ApiKey | None:
    """The key, revoked or not; None for an unknown one."""
    item = table.get(keys.api_key(digest(secret_key)))
    return _key_from(item) if item else None


def revoke(table: Table, user_id: str, key_id: str, now: datetime) -> None:
    """Revoke a key for good; the first revocation's time stays. NotFound."""
    owned = table.get(keys.api_key_of(user_id, key_id))
    if owned is None:
        raise NotFound("no such API key")
    table.write(
        table.update(
            "revoked",
            keys.api_key(owned["digest"]),
            "SET revoked_at = if_not_exists(revoked_at, :now)",
            {":now": timestamp(now)},
        )
    )


def forget(table: Table, user_id: str) -> None:
    """Delete all keys of a user: unknown ones are refused as revoked ones are."""
    for owned in table.query(keys.user(user_id), prefix=keys.api_key_of("", "").sk):
        places = keys.api_key(owned["digest"]), Key(owned["pk"], owned["sk"])
        table.transact([table.delete("api_key", place) for place in places])


def note_use(table: Table, secret_key: str, key: ApiKey, now: datetime) -> None:
    """Remember the day on which a key was last used: one write a day and process at most."""
    today = now.date().isoformat()
    if (key.last_used_on or "") >= today:
        return
    table.write(
        table.update(
            "last_used",
            keys.api_key(digest(secret_key)),
            "SET last_used_on = :today",
            {":today": today},
        )
    )


def _key_from(item: Item) -> ApiKey:
    revoked = item.get("revoked_at")
    return ApiKey(
        id=item["id"],
        user_id=item["user_id"],
        role=item["role"],
        created_at=parse_timestamp(item["created_at"]),
        revoked_at=parse_timestamp(revoked) if revoked else None,
        last_used_on=item.get("last_used_on"),
    )
