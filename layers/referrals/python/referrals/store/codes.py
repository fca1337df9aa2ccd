"""Referral codes: each user has one, each code one owner."""

import time
from dataclasses import dataclass

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.rules.errors import InvalidRequest
from referrals.store import keys, referrer_counts


@dataclass(frozen=True)
class Code:
    """A code and whose it is."""

    code: str
    user_id: str
    disabled: bool = False


_RECENT_SECONDS = 60.0
_RECENT_LIMIT = 10_000
_recent: dict[tuple[str, str], tuple[Code, float]] = {}


def get(table: Table, code: str) -> Code | None:
    """The code, or None for an unknown one."""
    item = table.get(keys.code(code))
    if item is None:
        return None
    return Code(code, item["user_id"], item.get("disabled", False))


def get_recent(table: Table, code: str) -> Code | None:
    """The code as it was at most a minute ago.

    For clicks, which attribute nothing yet, and for signups, whose transaction checks it anew.
    """
    found, read_at = _recent.get((table.name, code), (None, 0.0))
    if found is None or time.monotonic() - read_at > _RECENT_SECONDS:
        found = get(table, code)
        if found is None:
            return None
        if len(_recent) >= _RECENT_LIMIT:
            _recent.clear()
        _recent[table.name, code] = found, time.monotonic()
    return found


def of_user(table: Table, user_id: str) -> str | None:
    """The user's code, or None before the first was made."""
    item = table.get(keys.profile(user_id))
    return item.get("code") if item else None


def create(table: Table, user_id: str, code: str) -> str:
    """Give the user this code; the code the user has already, where there is one.

    Raises CodeTaken where the code is another user's.
    """
    code_key = keys.code(code)
    try:
        table.transact(
            [
                table.put(
                    "code",
                    {"pk": code_key.pk, "sk": code_key.sk, "user_id": user_id},
                    unless="attribute_not_exists(pk)",
                ),
                table.update(
                    "profile",
                    keys.profile(user_id),
                    "SET code = :code",
                    {":code": code},
                    condition="attribute_not_exists(code)",
                ),
            ]
        )
    except Refused as refused:
        # The refusal may be the echo of this very write, so what stands is read back.
        own = of_user(table, user_id)
        if own is not None:
            return own
        raise CodeTaken(code) from refused
    return code


def disable(table: Table, code: str, owner: str) -> None:
    """Let nobody be referred by the code from now on, and have it name this owner.

    One transaction with every place where a signup under way would look.
    """
    key = keys.code(code)
    owned = table.update(
        "code", key, "SET user_id = :owner, disabled = :yes", {":owner": owner, ":yes": True}
    )
    table.transact([owned, *referrer_counts.disabled(table, code)])


def unusable() -> InvalidRequest:
    """The code is unknown or disabled."""
    return InvalidRequest.field("code", "unknown or disabled referral code")


class CodeTaken(Exception):
    """Another user has this code."""
