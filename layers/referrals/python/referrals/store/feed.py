"""An endpoint's events in an order that never changes, for who asks instead of being sent to.

The order is slots with numbers, each written once: number n + 1 only by who has seen n. So none
comes up later among those that are there, and whoever has read up to one has missed nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from referrals.dynamodb.clearing import cleared
from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.events import Place
from referrals.store import keys
from referrals.store.items import place_from, place_text


@dataclass(frozen=True)
class News:
    """Steps of a referral in their order, and up to which place it has been looked through."""

    attribution_id: str
    steps: tuple[Place, ...]
    through: Place


@dataclass(frozen=True)
class Slot:
    """What was put into the order in one go; numbers begin with 1."""

    number: int
    news: tuple[News, ...] = ()


def last(table: Table, endpoint_id: str) -> Slot:
    """The end of the order; number 0 where nothing is in it."""
    found = table.query(keys.feed(endpoint_id), newest_first=True, page=1)
    return next(map(_slot_from, found), Slot(0))


def append(table: Table, endpoint_id: str, slot: Slot) -> bool:
    """Put a slot behind the last, and whether nobody else had put one there."""
    place = keys.slot(endpoint_id, slot.number)
    item: Item = {"pk": place.pk, "sk": place.sk, "news": [_item(one) for one in slot.news]}
    try:
        table.write(table.put("slot", item, unless="attribute_not_exists(pk)"))
    except Refused:
        return False
    return True


def slots(table: Table, endpoint_id: str, number: int, page: int) -> Iterator[Slot]:
    """The slots from a number on, so many in the first read.

    A query is no snapshot: of two that come meanwhile it may see the second alone. That one waits.
    """
    begin, end = keys.slot(endpoint_id, number), keys.slot(endpoint_id, keys.LAST_SLOT)
    found = map(_slot_from, table.query(begin.pk, between=(begin.sk, end.sk), page=page))
    for expected, slot in zip(count(number), found, strict=False):
        if slot.number != expected:
            return
        yield slot


def forget(table: Table, endpoint_id: str) -> bool:
    """Delete the order, while there is time; whether it was all."""
    return cleared(table, keys.feed(endpoint_id))


def _item(one: News) -> Item:
    return {
        "id": one.attribution_id,
        "steps": [place_text(place) for place in one.steps],
        "through": place_text(one.through),
    }


def _slot_from(item: Item) -> Slot:
    news = (
        News(one["id"], tuple(map(place_from, one["steps"])), place_from(one["through"]))
        for one in item["news"]
    )
    return Slot(int(item["sk"]), tuple(news))
