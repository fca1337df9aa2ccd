"""Referral codes: each user has one, each code one owner."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Actor
from referrals.rules.errors import InvalidRequest
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys, referrer_counts


@dataclass(frozen=True)
class Code:
    """A code and whose it is."""

    code: str
    user_id: str
    disabled: bool = False


@dataclass(frozen=True)
class Decided:
    """A person's word on a code: whether it was disabled or enabled, when, by whom and why."""

    at: datetime
    by: str
    disabled: bool
    why: str


@dataclass(frozen=True)
class Standing:
    """A code as it stands and what was decided on it, newest first; `changes` counts its writes."""

    code: Code
    decided: Sequence[Decided]
    changes: int


_DECISIONS_TOLD = 20
_RECENT_SECONDS = 60.0
_RECENT_LIMIT = 10_000
_recent: dict[tuple[str, str], tuple[Code, float]] = {}


def get(table: Table, code: str) -> Code | None:
    """The code, or None for an unknown one."""
    item = table.get(keys.code(code))
    if item is None:
        return None
    return Code(code, item["user_id"], item.get("disabled", False))


def get_many(table: Table, wanted: Sequence[str]) -> dict[str, Code]:
    """Those of the codes that exist."""
    places = {keys.code(code): code for code in wanted}
    return {
        places[place]: Code(places[place], item["user_id"], item.get("disabled", False))
        for place, item in table.get_many(list(places)).items()
    }


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


def standing(table: Table, code: str) -> Standing | None:
    """The code with the last decisions on it, or None for an unknown one."""
    limit = _DECISIONS_TOLD + 1
    newest = table.query(keys.code(code).pk, newest_first=True, page=limit)
    items = {item["sk"]: item for item in islice(newest, limit)}
    own = items.pop(keys.code(code).sk, None)
    if own is None:
        return None
    decided = [
        Decided(
            at=parse_timestamp(item["decided_at"]),
            by=item["decided_by"],
            disabled=item["disabled"],
            why=item["why"],
        )
        for item in items.values()
    ]
    known = Code(code, own["user_id"], own.get("disabled", False))
    return Standing(known, decided, own.get("changes", 0))


def standing_of(table: Table, user_id: str) -> Standing | None:
    """The same of a user's code; None before the first was made."""
    code = of_user(table, user_id)
    return standing(table, code) if code else None


def decide(table: Table, known: Standing, actor: Actor, *, disabled: bool) -> Standing:
    """Disable or enable a code, and write down who did and why; the code as it stands then.

    One transaction with every place where a signup under way would look. Refused where the code
    was changed since it was read.
    """
    code, number = known.code.code, known.changes + 1
    same = "changes = :known" if known.changes else "attribute_not_exists(changes)"
    values: Item = {":disabled": disabled, ":changes": number}
    if known.changes:
        values[":known"] = known.changes
    trail = {
        ":at": timestamp(actor.at),
        ":by": actor.name,
        ":disabled": disabled,
        ":why": actor.why,
    }
    marked = referrer_counts.disabled if disabled else referrer_counts.enabled
    table.transact(
        [
            table.update(
                "code",
                keys.code(code),
                "SET disabled = :disabled, changes = :changes",
                values,
                condition=same,
            ),
            table.update(
                "decided",
                keys.code_decision(code, number),
                "SET decided_at = :at, decided_by = :by, disabled = :disabled, why = :why",
                trail,
            ),
            *marked(table, code),
        ]
    )
    latest = Decided(actor.at, actor.name, disabled, actor.why)
    return Standing(replace(known.code, disabled=disabled), [latest, *known.decided], number)


def retire(table: Table, code: str, owner: str) -> None:
    """Let nobody be referred by the code any more, and have it name this owner instead.

    It counts as a change, so that no decision on what was read before holds. Again changes nothing.
    """
    retired = table.update(
        "code",
        keys.code(code),
        "SET user_id = :owner, disabled = :yes ADD changes :one",
        {":owner": owner, ":yes": True, ":one": 1},
        condition="user_id <> :owner",
    )
    with suppress(Refused):
        table.transact([retired, *referrer_counts.disabled(table, code)])


def unusable() -> InvalidRequest:
    """The code is unknown or disabled."""
    return InvalidRequest.field("code", "unknown or disabled referral code")


class CodeTaken(Exception):
    """Another user has this code."""
