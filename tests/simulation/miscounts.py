"""Plausible ways to miscount clicks and referrals, and to leave an erasure half done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from referrals.acts import erasure, fold, roll_up
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Key
from referrals.rules.clicks import Click
from referrals.rules.periods import hour_of
from referrals.store import click_counts, clicks, funnel_counts, keys
from referrals.store.funnel_counts import Shard
from referrals.views import search
from tests.simulation.acts import Erase, Run
from tests.simulation.looking import LookAtList
from tests.simulation.plan import CODES, History
from tests.simulation.ranking import LookAtCampaigns
from tests.simulation.visiting import Visit

_count, _leave_made = roll_up._count, erasure._leave_made
_HOUR, _EARLY = timedelta(hours=1), timedelta(seconds=3)


def added_to(table: Table, hour: datetime, found: Mapping[str, Mapping[str, int]]) -> None:
    """Add what was found to what is stored: whoever counts again counts twice."""
    place = keys.clicks_of(hour_of(hour))

    def write(campaign: str) -> None:
        numbers = {f"n{minute}": number for minute, number in found[campaign].items()}
        added = ", ".join(f"{name} :{name}" for name in numbers)
        values = {f":{name}": number for name, number in numbers.items()}
        table.write(table.update("clicks", Key(place, campaign), f"ADD {added}", values))

    side_by_side(write, list(found))


def marked_first(
    table: Table, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Say that minutes are counted, then count them."""
    while start < end:
        hour = roll_up.hour_floor(start)
        until = min(hour + _HOUR, end)
        yield until, hour
        _count(table, start, until)
        start = until


def folded_in_two(table: Table, shard: Shard, places: Sequence[Key]) -> int:
    """Take shards away, then add them to the sums."""
    folds = funnel_counts.folds(table, shard.campaign)
    found = table.get_many(places)
    if not found:
        return 0
    sums = funnel_counts.sums(shard, found.values())
    counted = fold._counted(table, shard.campaign, folds)
    table.transact([counted, *fold._taken(table, found)])
    table.transact([funnel_counts.added(table, "sums", *one) for one in sums.items()])
    return len(found)


def given_again(table: Table, click: Click, ulid: Any, kept: timedelta) -> Click:
    """Store a click under its id though another may have come meanwhile."""
    alias = keys.click_alias(click.click_id)
    item = {**clicks._click_item(click, kept), "pk": alias.pk, "sk": alias.sk}
    table.transact([table.put("alias", item), clicks._put_click(table, click, ulid, kept)])
    return click


def of_nobody(text: str) -> str:
    """Read a code as it is read, and look for another."""
    return "ZZZZZZZZZZZZ"


def all_folded(table: Table, start: datetime, end: datetime) -> dict[str, dict[str, int]]:
    """Take what is summed for all that there is."""
    return {}


def some_are_all(*everything: Any) -> tuple[int, bool]:
    """Take the referrals that there was time for as all that there are."""
    touched, _ = _leave_made(*everything)
    return touched, True


def _crowded(history: History) -> bool:
    return any(isinstance(act, Visit) for act in history.acts)


def _folded_early(history: History) -> bool:
    folds = (act for act in history.acts if isinstance(act, Run))
    return any(act.function == "roll_up_clicks" and act.at < _EARLY for act in folds)


def _ranks(history: History) -> bool:
    return any(isinstance(act, LookAtCampaigns) for act in history.acts)


def _searches(history: History) -> bool:
    looks = (act for act in history.acts if isinstance(act, LookAtList))
    return any(act.query.get("q") in CODES.values() for act in looks)


def _left(history: History) -> bool:
    hurried = (act for act in history.acts if isinstance(act, Erase) and act.hurried)
    return len(history.members) > 1 and any(hurried)


MISCOUNTS: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "clicks added to their counts": lambda: patch.object(click_counts, "set_minutes", added_to),
    "marked as counted first": lambda: patch.object(roll_up, "_counted", marked_first),
    "counted before the minute is over": lambda: patch.object(
        roll_up, "_COUNTED_AFTER", -timedelta(minutes=1)
    ),
    "counted once and never again": lambda: patch.object(
        roll_up, "_CLOSED_AFTER", timedelta(seconds=15)
    ),
    "folded in two steps": lambda: patch.object(fold, "_fold", folded_in_two),
    "a given id stored again": lambda: patch.object(clicks, "record_given", given_again),
    "campaigns ranked by what is folded": lambda: patch.object(
        funnel_counts, "unfolded_by_campaign", all_folded
    ),
    "a code sought as another": lambda: patch.object(search, "normalized_code", of_nobody),
    "an erasure stops halfway": lambda: patch.object(erasure, "_leave_made", some_are_all),
}
# The histories that could show it: few are about what it is about.
SHOWN_BY: Mapping[str, Callable[[History], bool]] = {
    **dict.fromkeys(MISCOUNTS, _crowded),
    "folded in two steps": _folded_early,
    "campaigns ranked by what is folded": _ranks,
    "a code sought as another": _searches,
    "an erasure stops halfway": _left,
}
