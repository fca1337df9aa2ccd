"""When what the clock starts was last done, and when it last failed: an item for each schedule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

# A difference names an account; the figure tells how many there are, these what they are like.
_DIFFERENCES_KEPT = 20


class Schedule(StrEnum):
    """What the clock starts."""

    RECOVERY = "recover_grants"
    ROLL_UP = "roll_up_clicks"
    EXPIRY = "expire_attributions"
    RECONCILE = "reconcile"
    CHECK_DELIVERIES = "check_deliveries"


@dataclass(frozen=True)
class Runs:
    """The last run that was done, with what it says of itself, and the last that failed."""

    done_at: datetime | None = None
    figures: Mapping[str, int] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    failed_at: datetime | None = None
    error: str | None = None


def done(table: Table, schedule: Schedule, at: datetime, figures: Mapping[str, Any]) -> None:
    """It was done: its numbers are kept, and the first of the differences that it names."""
    numbers = {name: int(one) for name, one in figures.items() if isinstance(one, int)}
    values: Item = {":at": timestamp(at), ":figures": numbers}
    sets = "SET done_at = :at, figures = :figures"
    told = list(figures.get("differences", ()))[:_DIFFERENCES_KEPT]
    # A run that goes on with another's counts what that one has told.
    if told or not numbers.get("difference_count"):
        sets, values[":told"] = f"{sets}, differences = :told", told
    table.write(table.update("run", keys.run(schedule), sets, values))


def failed(table: Table, schedule: Schedule, at: datetime, error: Exception) -> None:
    """It was not: by the kind of error alone, for a message may name anybody."""
    values = {":at": timestamp(at), ":error": type(error).__name__}
    sets, names = "SET failed_at = :at, #error = :error", {"#error": "error"}
    table.write(table.update("run", keys.run(schedule), sets, values, names=names))


def last(table: Table) -> dict[Schedule, Runs]:
    """Of every schedule, also of one that never ran."""
    items = {item["sk"]: item for item in table.query(keys.RUNS)}
    return {schedule: _runs_from(items.get(schedule.value, {})) for schedule in Schedule}


def _runs_from(item: Item) -> Runs:
    return Runs(
        done_at=_time(item, "done_at"),
        figures=item.get("figures", {}),
        differences=tuple(item.get("differences", ())),
        failed_at=_time(item, "failed_at"),
        error=item.get("error"),
    )


def _time(item: Item, name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None
