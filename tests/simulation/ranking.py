"""Those who rank and search while others act: what they are shown is held against what was true.

A campaign's figures are exact, as stats' are, and so are a referrer's; who is listed at all is
known up to a time that the answer names. A search finds what a list would, by any whole id.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from referrals.rules.ids import attribution_id
from tests.simulation.acts import Act, Sending
from tests.simulation.emulator import Item, Stood
from tests.simulation.looking import STATS, Look, LookAtList, LookAtStats, miscounted
from tests.simulation.plan import CODES
from tests.simulation.world import SECRET

# How many histories somebody ranks or searches in.
_CURIOUS = 0.3
_OF_REFERRERS = STATS | {"expired_referrals": lambda one: one["status"] == "expired"}
_IDS = ("u1", "metered", *CODES.values(), attribution_id(SECRET.encode(), "u1"))


@dataclass(frozen=True, kw_only=True)
class LookAtCampaigns(LookAtStats):
    """Growth staff read which campaigns brought most."""

    def ask(self, sending: Sending) -> tuple[int, Any]:
        return sending.request("rank_campaigns", "GET", "/admin/campaigns", query=self.bounds())

    def wrong(self, shown: Any, stood: Stood, *, quiet: bool) -> Iterator[str]:
        items = shown["items"]
        yield from _unordered(items, "campaign")
        for item in items:
            alone = replace(self, campaign=item["campaign"])
            for one in LookAtStats.wrong(alone, item, stood, quiet=quiet):
                yield f"{item['campaign']}: {one}"
        there = {
            one.get("utm_campaign") for one in _stayed(stood) if self.within(one["created_at"])
        }
        missing = there - {None} - {item["campaign"] for item in items}
        if missing and shown["complete"]:
            yield f"left out: {sorted(missing)}"


@dataclass(frozen=True, kw_only=True)
class LookAtReferrers(Look):
    """Growth staff read whose codes brought most."""

    def ask(self, sending: Sending) -> tuple[int, Any]:
        return sending.request("rank_referrers", "GET", "/admin/referrers")

    def wrong(self, shown: Any, stood: Stood, *, quiet: bool) -> Iterator[str]:
        items = shown["items"]
        yield from _unordered(items, "code")
        for item in items:
            mine = partial(_by_code, item["code"])
            for one in miscounted(item, _OF_REFERRERS, stood, mine):
                yield f"{item['code']}: {one}"
        until = shown.get("ranked_at", "")
        there = {one["code"] for one in _stayed(stood) if one["created_at"] < until}
        missing = there - {item["code"] for item in items}
        if quiet and missing:
            yield f"left out: {sorted(missing)}"


def rankings(seed: int, start: datetime) -> list[Act]:
    """In some histories somebody ranks or searches, at any moment of it."""
    chance = Random(f"{seed}/rankings")
    if chance.random() >= _CURIOUS:
        return []
    hour = start.replace(minute=0, second=0, microsecond=0)
    ends = hour - timedelta(hours=1), hour + timedelta(hours=2), start + timedelta(minutes=30)
    bounds = [f"{end:%FT%T}.000Z" for end in ends]
    span = chance.choice([(None, None), (bounds[0], bounds[1]), (bounds[0], bounds[2])])
    at = timedelta(seconds=chance.uniform(0, chance.choice([2, 20])))
    wanted = chance.choice(_IDS)
    possible: list[Look] = [
        LookAtCampaigns(name="ranks campaigns", at=at, span=span),
        LookAtReferrers(name="ranks referrers", at=at),
        LookAtList(name=f"searches for {wanted}", at=at, query={"q": wanted}),
    ]
    return [chance.choice(possible)]


def _by_code(code: str, one: Item) -> bool:
    return bool(one["code"] == code)


def _unordered(items: list[Item], name: str) -> Iterator[str]:
    def place(item: Item) -> tuple[int, int, str]:
        return -item["attributed_signups"], -item["qualified_referrals"], item[name]

    if items != sorted(items, key=place):
        yield f"not in falling order: {items}"
    if len({item[name] for item in items}) < len(items):
        yield f"shown twice: {items}"


def _stayed(stood: Stood) -> Iterator[Item]:
    """The referrals that were there all the time."""
    for name in stood.names():
        during = stood.during(name)
        if during[0] is not None:
            yield during[0]
