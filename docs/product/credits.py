"""Keep the referral service's credits in your billing: whatever serves your requests calls `take`.

Here the database is SQLite, with a table `users (id, credits)` of yours and one that it adds.
"""

import os
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

# Keep it for ever: a key that is forgotten is credits that are granted twice.
KEPT = """
    CREATE TABLE IF NOT EXISTS referral_credits (
        key TEXT PRIMARY KEY, id TEXT NOT NULL, user_id TEXT NOT NULL, credits INTEGER NOT NULL
    )
"""


def take(
    body: bytes, headers: Mapping[str, str], database: sqlite3.Connection
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON to answer to a POST; `body` as it came, for it is what was signed."""
    try:
        asked = Webhook(os.environ["REFERRALS_CREDITS_SECRET"]).verify(body, dict(headers))
    except WebhookVerificationError:
        return 401, {"error": "the signature is not right"}
    return 200, move(asked["type"], asked["data"], database)


def move(kind: str, asked: Mapping[str, Any], database: sqlite3.Connection) -> dict[str, Any]:
    """Move the credits, or tell what came of it when they were: all of it or nothing."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        known = _kept(asked["key"], database)
        if known is None:
            # Whose they are is what the grant says: the service may have erased the user since.
            grant = _kept(asked["credits_grant_key"], database)
            user_id = grant[1] if grant else asked["user_id"]
            credits = asked["credits"]
            if kind == "credits.reversal":
                credits = -min(credits, _left(user_id, database))
            # Nobody gets anything where the user is gone, and it is done all the same.
            database.execute(
                "UPDATE users SET credits = credits + ? WHERE id = ?", (credits, user_id)
            )
            known = str(uuid.uuid4()), user_id, credits
            database.execute(
                "INSERT INTO referral_credits VALUES (?, ?, ?, ?)", (asked["key"], *known)
            )
    identity, _, credits = known
    return {"id": identity, "taken": -credits} if kind == "credits.reversal" else {"id": identity}


def _kept(key: str, database: sqlite3.Connection) -> tuple[str, str, int] | None:
    return database.execute(
        "SELECT id, user_id, credits FROM referral_credits WHERE key = ?", (key,)
    ).fetchone()


def _left(user_id: str, database: sqlite3.Connection) -> int:
    found = database.execute("SELECT credits FROM users WHERE id = ?", (user_id,)).fetchone()
    return max(found[0], 0) if found else 0
