"""A product's own billing: the code that docs/product shows, and what befalls requests to it."""

import importlib.util
import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

from standardwebhooks import Webhook

from referrals.rules.retries import Answer
from tests.outside.stripe_account import (
    BUSY,
    FAILS_AFTER,
    FAILS_BEFORE,
    LOST_ANSWER,
    LOST_REQUEST,
    OVERLOADED,
)

SECRET = "whsec_" + 8 * "c2VjcmV0"
URL = "https://billing.example.com/referral-credits"
# Webhooks that are older are not believed.
_OLDEST = timedelta(minutes=5)
_CODE = Path(__file__).parents[2] / "docs/product/credits.py"


def product_code() -> ModuleType:
    """docs/product/credits.py."""
    spec = importlib.util.spec_from_file_location("product_credits", _CODE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Product:
    """Stands in for the sender and for the product behind it; `now` is its clock.

    `before` tells what befalls each request, None for nothing.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        before: Callable[[str, str], str | None] = lambda *_: None,
    ) -> None:
        self.now = now
        self.before = before
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        # Said in place of an answer, where it is set.
        self.says: Answer | None = None
        self.spent: dict[str, int] = {}
        self._code = product_code()
        self._deleted: set[str] = set()
        self._lock = Lock()
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE users (id TEXT PRIMARY KEY, credits INTEGER NOT NULL)")
        self.database.execute(self._code.KEPT)

    # ---- what happens there without us

    def add(self, user_id: str) -> None:
        """A user comes, if they were not deleted."""
        if user_id in self._deleted:
            return
        self._do("INSERT OR IGNORE INTO users VALUES (?, 0)", user_id)

    def delete(self, user_id: str) -> None:
        """A user is deleted for good."""
        self._do("DELETE FROM users WHERE id = ?", user_id)
        self._deleted.add(user_id)

    def spend(self, user_id: str, most: int) -> None:
        """A user spends credits, as many as there are up to so many."""
        used = min(most, self.credits(user_id))
        self._do("UPDATE users SET credits = credits - ? WHERE id = ?", used, user_id)
        self.spent[user_id] = self.spent.get(user_id, 0) + used

    def credits(self, user_id: str) -> int:
        """What the user has."""
        return sum(row[0] for row in self._do("SELECT credits FROM users WHERE id = ?", user_id))

    def balances(self) -> dict[str, int]:
        """What every user has."""
        return dict(self._do("SELECT id, credits FROM users"))

    def kept(self) -> dict[str, tuple[str, str, int]]:
        """By its key the id, the user and the credits of all that was done."""
        rows = self._do("SELECT key, id, user_id, credits FROM referral_credits")
        return {key: (identity, user_id, credits) for key, identity, user_id, credits in rows}

    def _do(self, statement: str, *values: object) -> list[Any]:
        with self._lock, self.database:
            return self.database.execute(statement, values).fetchall()

    # ---- what is asked

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        assert url == URL
        self.asked.append("post /referral-credits")
        fate = self.before("post", "/referral-credits")
        failed = {
            LOST_REQUEST: Answer(problem="the connection failed"),
            BUSY: Answer(429, "30"),
            OVERLOADED: Answer(503, body=b"<html>whsec_nobody is told</html>"),
            FAILS_BEFORE: Answer(500, body=b'{"error": "no database"}'),
        }
        if fate in failed:
            return failed[fate]
        if self.says is not None:
            return self.says
        answer = self._answer(headers, body)
        if fate == LOST_ANSWER:
            return Answer(problem="no answer within 5 s")
        return Answer(500) if fate == FAILS_AFTER else answer

    def _answer(self, headers: Mapping[str, str], body: str) -> Answer:
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signature = Webhook(SECRET).sign(headers["webhook-id"], at, body)
        if signature not in headers["webhook-signature"].split() or self.now() - at > _OLDEST:
            return Answer(401)
        asked = json.loads(body)
        assert asked["data"]["key"] == headers["idempotency-key"] == headers["webhook-id"]
        with self._lock:
            self.bodies.append(asked)
            told = self._code.move(asked["type"], asked["data"], self.database)
        return Answer(200, body=json.dumps(told).encode())
