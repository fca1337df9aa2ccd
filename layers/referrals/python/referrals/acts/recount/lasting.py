"""What lasts of a difference: the table lives, and a look sees one thing before, one after.

A look reads what is counted first, and then the count. What it says is told if the next look says
the very same: then the count has not changed in between, and what was counted in between is not it.
"""

import time
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Protocol, TypeVar

from referrals.dynamodb.table import Table

N = TypeVar("N")
Told = Mapping[N, set[str]]

# What changes all the time is looked at so often, and then left to the next day.
_LOOKS = 4


class Look(Protocol[N]):
    """The differences of what is named, in sentences; the first look may be a little behind."""

    def __call__(
        self, table: Table, secret: bytes, names: Collection[N], *, sure: bool
    ) -> Told[N]: ...


def lasting(table: Table, secret: bytes, look: Look[N], names: Collection[N]) -> set[str]:
    """The differences that two looks, one after the other, see in the same way."""
    told: set[str] = set()
    # In one order: what is asked for first shall not be chance.
    seen = _differing(look(table, secret, sorted(names, key=str), sure=False)) if names else {}
    for wait in islice(table.waits(), _LOOKS):
        if not seen:
            break
        time.sleep(wait)
        again = _differing(look(table, secret, list(seen), sure=True))
        for name, sentences in again.items():
            told |= sentences & seen.get(name, set())
        seen = {name: sentences for name, sentences in again.items() if not sentences <= told}
    return told


def _differing(found: Told[N]) -> dict[N, set[str]]:
    return {name: sentences for name, sentences in found.items() if sentences}
