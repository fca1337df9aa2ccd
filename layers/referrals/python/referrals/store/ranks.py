"""Codes in the order of their signups: where each stands, and up to when signups are ranked.

A code's place is set from its counts and never added to, so whoever ranks may die and begin again.
"""

from contextlib import suppress
from datetime import datetime

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.times import parse_timestamp
from referrals.store import keys

UNTIL, CLOSED = "until", "closed"


def mark_of(table: Table, name: str) -> str:
    """The time up to which signups are ranked; empty before the first run."""
    return str((table.get(keys.RANKED) or {}).get(name, ""))


def ranked_at(table: Table) -> datetime | None:
    """The same; None before the first run."""
    mark = mark_of(table, UNTIL)
    return parse_timestamp(mark) if mark else None


def mark(table: Table, name: str, until: str) -> None:
    """Move a mark forward; who was held up does not move it back."""
    condition = "attribute_not_exists(#mark) OR #mark < :until"
    names, values = {"#mark": name}, {":until": until}
    sets = "SET #mark = :until"
    with suppress(Refused):
        table.write(
            table.update("mark", keys.RANKED, sets, values, condition=condition, names=names)
        )


def place(table: Table, code: str, signups: int) -> None:
    """Let the code stand with so many; nothing where it does already, or another run moves it."""
    known = int((table.get(keys.rank_of(code)) or {}).get("signups", 0))
    if signups <= known:
        return
    new = keys.rank(code, signups)
    seen: Item = {":seen": known} if known else {}
    parts = [
        table.update(
            "rank",
            keys.rank_of(code),
            "SET signups = :signups",
            {":signups": signups, **seen},
            condition="signups = :seen" if known else "attribute_not_exists(signups)",
        ),
        table.put("place", {"pk": new.pk, "sk": new.sk, "code": code}),
    ]
    if known:
        parts.append(table.delete("left", keys.rank(code, known)))
    with suppress(Refused):
        table.transact(parts)


def first(table: Table, limit: int) -> list[str]:
    """The codes with the most signups."""

    def read(lane: int) -> list[Item]:
        return table.query_newest(keys.ranks(lane), prefix="0", limit=limit)

    found = [item for lane in side_by_side(read, range(keys.LANES)) for item in lane]
    found.sort(key=lambda item: str(item["sk"]), reverse=True)
    return [str(item["code"]) for item in found[:limit]]
