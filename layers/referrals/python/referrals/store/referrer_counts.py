"""The counts of each referrer, kept by their code: as cheap to read for a million as for one.

A code has one owner for good, whatever they are called once they are erased. Every transition
counts in its own transaction, on a shard that follows from the attribution's id. A signup writes
there anyhow, so that is also where it meets the mark of a code that was disabled.
"""

from collections import Counter
from collections.abc import Iterable

from referrals.dynamodb.parts import Part
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.attribution import Attribution
from referrals.rules.referrer import FIGURES, figures_of
from referrals.store import keys


def begun(table: Table, name: str, born: Attribution) -> Part:
    """The part of a signup that counts it; it does not hold once the code was disabled."""
    return _added(table, name, born, figures_of(born), condition="attribute_not_exists(disabled)")


def changed(table: Table, before: Attribution, after: Attribution) -> list[Part]:
    """The part of a transition that counts it; none where no count changes."""
    difference = figures_of(after)
    difference.subtract(figures_of(before))
    return [_added(table, "referrer", after, difference)] if any(difference.values()) else []


def disabled(table: Table, code: str) -> list[Part]:
    """The parts after which no signup by the code holds any more."""
    return [
        table.update("disabled", place, "SET disabled = :yes", {":yes": True})
        for place in _places(code)
    ]


def enabled(table: Table, code: str) -> list[Part]:
    """The parts after which signups by the code hold again."""
    return [table.update("enabled", place, "REMOVE disabled", {}) for place in _places(code)]


def of_code(table: Table, code: str) -> dict[str, int]:
    """The figures of a code's referrals; each is counted as it stood at a moment of the call."""

    def read(lane: int) -> list[Item]:
        return list(table.query(keys.referrer(code, lane)))

    items = (item for lane in side_by_side(read, range(keys.LANES)) for item in lane)
    return total(items)


def total(shards: Iterable[Item]) -> dict[str, int]:
    """The figures that shards add up to."""
    found = list(shards)
    return {name: sum(item.get(name, 0) for item in found) for name in FIGURES}


def _places(code: str) -> list[Key]:
    return [keys.referrer_counts(code, shard) for shard in range(keys.SHARDS)]


def _added(
    table: Table,
    name: str,
    attribution: Attribution,
    figures: Counter[str],
    *,
    condition: str | None = None,
) -> Part:
    numbers = {figure: number for figure, number in figures.items() if number}
    return table.update(
        name,
        keys.referrer_counts(attribution.code, keys.shard(attribution.id)),
        "ADD " + ", ".join(f"{figure} :{figure}" for figure in numbers),
        {f":{figure}": number for figure, number in numbers.items()},
        condition=condition,
    )
