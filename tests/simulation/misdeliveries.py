"""Plausible ways to lose an event, or to tell one twice."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from referrals.acts import feeding
from referrals.dynamodb.table import Table
from referrals.rules.events import Place
from referrals.store import deliveries
from referrals.store.deliveries import Delivery
from referrals.store.feed import Slot
from tests.simulation.listening import Tell
from tests.simulation.plan import History

_rewound = deliveries.rewound


def back_from_where_it_was(
    table: Table, endpoint_id: str, attribution_id: str, place: Place, now: datetime
) -> None:
    """Replay what has come. What never did is tried by the clock: or is it?"""
    known = deliveries.get(table, endpoint_id, attribution_id)
    if known is not None and known.sent > place:
        _rewound(table, endpoint_id, attribution_id, place, now)


def each_notes_its_own(
    table: Table, endpoint_id: str, last: Slot, trails: Sequence[str], now: datetime
) -> dict[str, Delivery]:
    """Whoever put a slot into the order notes it, if they live."""
    return deliveries.get_many(table, endpoint_id, list(trails))


MISDELIVERIES: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "what was given up for dead is not replayed": lambda: patch.object(
        deliveries, "rewound", back_from_where_it_was
    ),
    "put in order twice": lambda: patch.object(feeding, "_settled", each_notes_its_own),
}


def _listened_to(history: History) -> bool:
    return any(isinstance(act, Tell) for act in history.acts)


SHOWN_BY: Mapping[str, Callable[[History], bool]] = dict.fromkeys(MISDELIVERIES, _listened_to)
