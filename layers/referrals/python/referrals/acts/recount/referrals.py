"""Referrals and what is booked for them: each knows the other, and lists hold every referral."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from referrals.acts.erasure import known_by
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.attribution import Attribution, Reward
from referrals.rules.rewards import booking_keys
from referrals.rules.times import timestamp
from referrals.store import attributions, keys
from referrals.store.items import ledger_from

_Names = Mapping[str, tuple[str, ...]]


class Booked(NamedTuple):
    """A booking: whose it is, under which key, and for which attribution."""

    user_id: str
    key: str
    attribution_id: str


def of_attributions(
    table: Table, secret: bytes, names: Collection[str], *, sure: bool
) -> dict[str, set[str]]:
    """Granted ⇔ credits_granted_at ⇔ ledger entry, and in its cohort and its referrer's list."""
    found = attributions.get_many(table, list(names), consistent=sure)
    known = _known(table, secret, found.values(), sure=sure)
    wanted = [place for one in found.values() for place in _places(one, known)]
    items = table.get_many(wanted, consistent=sure)
    return {
        one.id: {*_missing(one, items, known), *_misbooked(one, items, known)}
        for one in found.values()
    }


def of_bookings(
    table: Table, secret: bytes, names: Collection[Booked], *, sure: bool
) -> dict[Booked, set[str]]:
    """A reward knows what was booked for it."""
    found = attributions.get_many(table, [one.attribution_id for one in names], consistent=sure)
    known = _known(table, secret, found.values(), sure=sure)
    return {
        one: {f"ledger {one.user_id} {one.key}: no reward knows this booking"}
        for one in names
        if not _is_known(one, found.get(one.attribution_id), known)
    }


def _known(table: Table, secret: bytes, found: Collection[Attribution], *, sure: bool) -> _Names:
    """By which ids a referral's people are known; a first look takes the one that is told."""
    people = sorted(
        {user for one in found for user in (one.referrer_user_id, one.referred_user_id)}
    )
    return known_by(table, secret, people) if sure else {user: (user,) for user in people}


def _places(one: Attribution, known: _Names) -> Iterator[Key]:
    yield _member(one)
    yield from _listed(one, known)
    for reward in one.rewards:
        yield from _bookings(reward, booking_keys(reward), known)


def _member(one: Attribution) -> Key:
    return keys.cohort_member(timestamp(one.created_at), one.id)


def _listed(one: Attribution, known: _Names) -> list[Key]:
    stamp = timestamp(one.created_at)
    return [keys.referral(user, stamp, one.id) for user in known[one.referrer_user_id]]


def _bookings(reward: Reward, booked: Collection[str], known: _Names) -> list[Key]:
    return [keys.ledger(user, key) for user in known[reward.user_id] for key in booked]


def _missing(one: Attribution, items: Mapping[Key, Item], known: _Names) -> Iterator[str]:
    if _member(one) not in items:
        yield f"attribution {one.id}: missing in its cohort"
    if not any(place in items for place in _listed(one, known)):
        yield f"attribution {one.id}: missing in its referrer's list"


def _misbooked(one: Attribution, items: Mapping[Key, Item], known: _Names) -> Iterator[str]:
    for reward in one.rewards:
        grant, *claims = booking_keys(reward)
        granted = _credits(_bookings(reward, [grant], known), items)
        if bool(granted) is reward.pending:
            yield f"reward {reward.id}: granted and ledger disagree"
        elif granted and sum(granted) != reward.credits:
            yield f"reward {reward.id}: {reward.credits} owed, {sum(granted)} booked"
        if -sum(_credits(_bookings(reward, claims, known), items)) != reward.reversed_credits:
            yield f"reward {reward.id}: reversals and ledger disagree"


def _credits(places: Collection[Key], items: Mapping[Key, Item]) -> list[int]:
    return [ledger_from(items[place]).credits for place in places if place in items]


def _is_known(booked: Booked, attribution: Attribution | None, known: _Names) -> bool:
    return attribution is not None and any(
        booked.key in booking_keys(reward) and booked.user_id in known[reward.user_id]
        for reward in attribution.rewards
    )
