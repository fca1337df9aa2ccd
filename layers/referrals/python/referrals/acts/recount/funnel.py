"""The funnel: minutes against the attributions that were made in them, sums against their parts."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.attribution import Attribution
from referrals.rules.periods import Period, part
from referrals.store import attributions, funnel_counts, keys

# Of a day with any number of signups so many are in memory.
_AT_ONCE = 800
_HOURS = tuple(range(24))
_HOUR_OF = len("2026-11-20T12")
_DAY_OF = len("2026-11-20")


class Sum(NamedTuple):
    """An item of a campaign's counts, by the period whose parts it holds."""

    campaign: str
    holder: str


class Hours(NamedTuple):
    """Hours of a day; of a campaign that has counts there, and of all that attributions name."""

    day: date
    hours: tuple[int, ...] = _HOURS
    campaign: str = keys.EVERY_CAMPAIGN


def next_day(table: Table, since: date | None) -> date | None:
    """The first day with signups, from a day on."""

    def first(lane: int) -> list[date]:
        low = f"{keys.REFERRAL_PREFIX}{since or ''}"
        members = table.query(
            keys.cohort(lane), between=(low, f"{keys.REFERRAL_PREFIX}~"), page=1, only=("sk",)
        )
        days = (one["sk"].removeprefix(keys.REFERRAL_PREFIX)[:_DAY_OF] for one in members)
        return [date.fromisoformat(day) for day in islice(days, 1)]

    return min(
        (day for days in side_by_side(first, range(keys.LANES)) for day in days), default=None
    )


def of_sums(
    table: Table,
    secret: bytes,
    names: Collection[Sum],
    *,
    sure: bool,
) -> dict[Sum, set[str]]:
    """What stands of a period in the one that holds it = what its own parts add up to."""
    found = _items(table, [_place(one) for one in names], sure=sure)
    parents = {
        one: keys.funnel_cohorts(one.campaign, part(one.holder).holder)
        for one in names
        if one.holder
    }
    children = {
        one: [
            Period(one.holder, name) for name in sorted({kind[1:] for kind in found[_place(one)]})
        ]
        for one in names
        if len(one.holder) < _HOUR_OF
    }
    places = [keys.funnel_cohorts(one.campaign, str(p)) for one in children for p in children[one]]
    others = _items(table, [*parents.values(), *places], sure=sure)
    return {
        one: {
            *_of_parent(one, found[_place(one)], others),
            *_lost(one, children.get(one, []), found[_place(one)], others),
        }
        for one in names
    }


def _of_parent(one: Sum, parts: Item, others: dict[Key, Item]) -> Iterator[str]:
    if one.holder:
        period = part(one.holder)
        parent = others[keys.funnel_cohorts(one.campaign, period.holder)]
        yield from _unlike(one.campaign, period, parent, parts)


def _lost(one: Sum, children: list[Period], stored: Item, others: dict[Key, Item]) -> Iterator[str]:
    """Parts that stand here and have no item of their own."""
    for child in children:
        if not others[keys.funnel_cohorts(one.campaign, str(child))]:
            yield from _unlike(one.campaign, child, stored, {})


def _unlike(campaign: str, period: Period, holder: Item, parts: Item) -> Iterator[str]:
    names = {kind + period.name: kind for kind in ("p", "x")}
    ours = {name: holder.get(name, 0) for name in names}
    theirs = {
        name: sum(number for part, number in parts.items() if part[0] == kind)
        for name, kind in names.items()
    }
    place = keys.funnel_cohorts(campaign, period.holder)
    for _, _, stored, counted in funnel_counts.differences(place, ours, theirs):
        yield f"funnel of {campaign} at {period}: stored {stored}, its parts say {counted}"


def _place(one: Sum) -> Key:
    return keys.funnel_cohorts(one.campaign, one.holder)


def _items(table: Table, places: Collection[Key], *, sure: bool) -> dict[Key, Item]:
    found = table.get_many(list(places), consistent=sure)
    return {place: funnel_counts.counts_in(found.get(place, {})) for place in places}


def of_hours(
    table: Table,
    secret: bytes,
    names: Collection[Hours],
    *,
    sure: bool,
) -> dict[Hours, set[str]]:
    """Counts of minutes = a recount of the attributions; what differs is named hour by hour."""
    found: dict[Hours, set[str]] = defaultdict(set)
    for name in names:
        for campaign, period, said in _of_hours(table, name, sure=sure):
            hour = int(period.holder[_DAY_OF + 1 :])
            found[Hours(name.day, (hour,), campaign)].add(said)
    return found


def _of_hours(table: Table, name: Hours, *, sure: bool) -> Iterator[tuple[str, Period, str]]:
    recount: dict[str, dict[Key, Counter[str]]] = {name.campaign: {}}
    for one in _made(table, name, sure=sure):
        for campaign in filter(None, (keys.EVERY_CAMPAIGN, one.utm_campaign)):
            place, numbers = funnel_counts.of_minute(campaign, one)
            counted = recount.setdefault(campaign, {})
            counted.setdefault(place, Counter()).update(numbers)
    for campaign, counted in recount.items():
        stored = funnel_counts.minutes_of(table, campaign, name.day, name.hours)
        for place in counted.keys() | stored.keys():
            ours = stored.get(place, {})
            theirs: Item = counted.get(place, Counter())
            for _, period, was, found in funnel_counts.differences(place, ours, theirs):
                said = f"funnel of {campaign} at {period}: stored {was}, recounted {found}"
                yield campaign, period, said


def _made(table: Table, name: Hours, *, sure: bool) -> Iterator[Attribution]:
    """The attributions that were made in these hours."""
    first, last = (f"{keys.REFERRAL_PREFIX}{name.day}T{hour:02}" for hour in _ends(name))
    for lane in range(keys.LANES):
        members = table.query(keys.cohort(lane), between=(first, f"{last}~"), only=("id",))
        while some := list(islice(members, _AT_ONCE)):
            ids = [one["id"] for one in some]
            yield from attributions.get_many(table, ids, consistent=sure).values()


def _ends(name: Hours) -> tuple[int, int]:
    return name.hours[0], name.hours[-1]


def without_signups(table: Table, names: Collection[Hours]) -> set[Hours]:
    """Days of a campaign on which, as far as a glance tells, nobody signed up: none looks there."""

    def is_empty(name: Hours) -> bool:
        day, after = f"{name.day}", f"{name.day + timedelta(days=1)}"
        return not any(
            _anybody(table, name.campaign, lane, day, after) for lane in range(keys.LANES)
        )

    days = sorted(names, key=str)
    found = side_by_side(is_empty, days)
    return {day for day, empty in zip(days, found, strict=True) if empty}


def _anybody(table: Table, campaign: str, lane: int, day: str, after: str) -> bool:
    if campaign == keys.EVERY_CAMPAIGN:
        bounds = keys.REFERRAL_PREFIX + day, keys.REFERRAL_PREFIX + after
        entries = table.query(keys.cohort(lane), between=bounds, page=1)
    else:
        partition = "in_campaign", keys.in_lane(campaign, lane)
        entries = table.query_index(
            keys.BY_CAMPAIGN, partition, sort=("created_at", ">=", day), page=1
        )
    first = next(entries, None)
    return first is not None and (campaign == keys.EVERY_CAMPAIGN or first["created_at"] < after)
