"""Bulk decisions under their caller's key: sent again, they are answered as they were.

The first to come says what the key stands for; the answer joins it when all is carried out. In
between, and after a death in between, the same decisions may be carried out again: each holds once.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.rules.errors import InvalidRequest
from referrals.store import keys

# Long after anybody still sends again what they have sent.
_KEPT = timedelta(days=2)


def begun(table: Table, user_id: str, key: str, wanted: Any, now: datetime) -> Any | None:
    """Take the key for what is wanted; the answer where it was given already, else None.

    InvalidRequest where the key stands for something else.
    """
    place, digest = keys.decisions(user_id, key), _digest(wanted)
    expires = int((now + _KEPT).timestamp())
    item = {"pk": place.pk, "sk": place.sk, "wanted": digest, "expires_epoch": expires}
    try:
        table.write(table.put("decisions", item, unless="attribute_not_exists(pk)"))
    except Refused:
        known = table.get(place) or {}
        if known.get("wanted") != digest:
            problem = "was used for other decisions"
            raise InvalidRequest.field("idempotency_key", problem) from None
        return json.loads(known["answer"]) if "answer" in known else None
    return None


def answered(table: Table, user_id: str, key: str, answer: Any) -> Any:
    """Keep the answer under the key, and return the one that stands: the first that was kept."""
    place, written = keys.decisions(user_id, key), json.dumps(answer, separators=(",", ":"))
    expression, values = "SET answer = :answer", {":answer": written}
    unless = "attribute_not_exists(answer)"
    try:
        table.write(table.update("answer", place, expression, values, condition=unless))
    except Refused:
        known = table.get(place) or {}
        return json.loads(known.get("answer", written))
    return answer


def _digest(wanted: Any) -> str:
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
