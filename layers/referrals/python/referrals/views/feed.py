"""The events that an endpoint asks for: a page of them, in the order in which they were put."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.clicks import Click
from referrals.rules.events import Event, Place, event_of
from referrals.store import feed, trail
from referrals.store.trail import Trail


class Next(NamedTuple):
    """Where to go on: a slot's number, and how many of its events are known."""

    slot: int
    known: int


BEGINNING = Next(1, 0)


@dataclass(frozen=True)
class Page:
    """Some events, where to go on behind them, and whether there are more by now."""

    events: tuple[Event, ...]
    following: Next
    more: bool


def page(
    table: Table,
    endpoint_id: str,
    after: Next,
    limit: int,
    view: Callable[[Attribution | Click], Mapping[str, Any]],
) -> Page:
    """The events from a place on. Busy where a booking is being moved: later it works."""
    # Every slot has an event at least.
    found = list(islice(_steps(table, endpoint_id, after, limit + 1), limit + 1))
    told, more = found[:limit], len(found) > limit
    trails = _trails(table, list(dict.fromkeys(one.attribution_id for one in told)))
    views = {one: view(found.about) for one, found in trails.items()}
    # A click is kept for a time, and then there is nothing to tell of it.
    events = tuple(
        _event(trails[one.attribution_id], one.place, views[one.attribution_id])
        for one in told
        if one.attribution_id in trails
    )
    return Page(events, told[-1].following if told else after, more)


class _Step(NamedTuple):
    attribution_id: str
    place: Place
    following: Next


def _steps(table: Table, endpoint_id: str, after: Next, page: int) -> Iterator[_Step]:
    for slot in feed.slots(table, endpoint_id, after.slot, page):
        steps = [(news.attribution_id, place) for news in slot.news for place in news.steps]
        begin = after.known if slot.number == after.slot else 0
        for number, (attribution_id, place) in enumerate(steps[begin:], begin + 1):
            last = number == len(steps)
            following = Next(slot.number + 1, 0) if last else Next(slot.number, number)
            yield _Step(attribution_id, place, following)


def _trails(table: Table, ids: list[str]) -> dict[str, Trail]:
    found = side_by_side(lambda one: trail.read(table, one), ids)
    return {one.id: one for one in found if one is not None}


def _event(found: Trail, place: Place, view: Mapping[str, Any]) -> Event:
    step = next(step for step in found.steps if step.place == place)
    return event_of(found.id, step, found.sequence(step), view)
