"""How far a reconciliation has come: one item while it is under way, and none when it is done.

What it holds are figures and places, never what was found: whoever goes on needs no more.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

_ITS_OWN = "started = :started AND steps = :steps"


class Phase(StrEnum):
    """What a reconciliation is at: it compares everything before it mends anything."""

    ITEMS = "items"
    DAYS = "days"
    OUTSIDE = "outside"
    REPAIRS = "repairs"


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """How far it has come: behind which item, or to which day; `steps` counts its writes."""

    started: datetime
    # Whose last step it is: by when they began.
    run: datetime
    phase: Phase = Phase.ITEMS
    after: Key | None = None
    day: date | None = None
    items: int = 0
    differences: int = 0
    steps: int = 0
    # Asked for anew while it was under way: another is to follow.
    again: bool = False


def under_way(table: Table) -> Reconciliation | None:
    """The one that was begun and is not done."""
    item = table.get(keys.RECONCILIATION)
    if item is None:
        return None
    day = item.get("day")
    after = item.get("after")
    return Reconciliation(
        started=parse_timestamp(item["started"]),
        run=parse_timestamp(item["run"]),
        phase=Phase(item["phase"]),
        after=Key(*after) if after else None,
        day=date.fromisoformat(day) if day else None,
        items=item["items"],
        differences=item["differences"],
        steps=item["steps"],
        again=item.get("again", False),
    )


def begin(table: Table, now: datetime) -> Reconciliation:
    """A new one; another's, where another has begun one at the same time."""
    new = Reconciliation(started=now, run=now)
    try:
        table.write(table.put("reconciliation", _item(new), unless="attribute_not_exists(pk)"))
    except Refused:
        return under_way(table) or new
    return new


def keep(table: Table, before: Reconciliation, after: Reconciliation) -> bool:
    """Go on from here, whoever does; False where another has gone on already."""
    item = _item(after)
    try:
        table.write(table.put("reconciliation", item, unless=_ITS_OWN, values=_seen(before)))
    except Refused:
        # It may be the echo of this very write.
        return under_way(table) == after
    return True


def end(table: Table, last: Reconciliation) -> None:
    """All is done. Nothing happens where another has ended it, or goes on."""
    try:
        table.write(
            table.delete(
                "reconciliation", keys.RECONCILIATION, condition=_ITS_OWN, values=_seen(last)
            )
        )
    except Refused:
        return


def _seen(one: Reconciliation) -> Item:
    return {":started": timestamp(one.started), ":steps": one.steps}


def _item(one: Reconciliation) -> Item:
    place = keys.RECONCILIATION
    item: dict[str, Any] = {
        "pk": place.pk,
        "sk": place.sk,
        "started": timestamp(one.started),
        "run": timestamp(one.run),
        "phase": one.phase.value,
        "items": one.items,
        "differences": one.differences,
        "steps": one.steps,
    }
    if one.again:
        item["again"] = True
    if one.after is not None:
        item["after"] = list(one.after)
    if one.day is not None:
        item["day"] = one.day.isoformat()
    return item
