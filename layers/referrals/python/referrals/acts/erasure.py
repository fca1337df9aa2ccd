"""Erasure: a person's identifiers give way to a keyed tombstone; the money trail stays.

Every step may be repeated. The tombstone comes first, so that nothing new begins, and remembers
the user until the last step, so that an erasure cut short is found and finished. One of a user with
more than there is time for goes on with the next call: what was done is not theirs any more.
"""

from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from referrals.dynamodb.parts import Busy, Part, Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.attribution import Attribution, Change
from referrals.rules.ids import TOMBSTONE_FORM, attribution_id, tombstone
from referrals.rules.programme import Programme
from referrals.rules.times import timestamp
from referrals.store import api_keys, attributions, codes, keys, profiles
from referrals.store.items import ledger_from

_TRIES = 20
# A booking moves with two writes, and a transaction takes a hundred.
_BOOKINGS_AT_ONCE = 40
_REFERRALS_AT_ONCE = 100

# What an erasure may leave for the next call.
REFERRALS, BOOKINGS = "referrals", "bookings"


@dataclass(frozen=True)
class Erasure:
    """What an erasure touched, and what is left for the next call to go on with."""

    tombstone: str
    attributions: int
    bookings: int
    left: tuple[str, ...] = ()


def erase(
    table: Table,
    secret: bytes,
    user_id: str,
    email_hash: str | None,
    programme: Programme,
    linked: Set[str] = frozenset(),
) -> Erasure:
    """Erase a user, as far as there is time. Once more on an erased one finds nothing to do.

    `linked` are customers that name the user and that nothing of the user's may name any more.
    """
    erased = tombstone(secret, user_id)
    if erased == user_id:
        return Erasure(erased, 0, 0)
    # First, for whoever finishes an erasure that was cut short is not told the address again.
    if email_hash:
        _mark(table, email_hash)
    _begin(table, erased, user_id)
    _retire_code(table, user_id, erased)
    own = attributions.get(table, attribution_id(secret, user_id))
    person = profiles.get(table, user_id)
    known_emails = person.emails | ({own.email_hash} - {None} if own else set())
    api_keys.forget(table, user_id)
    for known in sorted(filter(None, known_emails)):
        _mark(table, known)
    touched = 0
    if own is not None and own.referred_user_id == user_id:
        touched += _rewrite(table, own, programme, lambda one: _forget_referred(one, erased))
    made, all_made = _leave_made(table, user_id, erased, programme)
    touched += made
    if not all_made:
        return Erasure(erased, touched, 0, left=(REFERRALS, BOOKINGS))
    customers = linked | person.customers | ({own.stripe_customer_id} - {None} if own else set())
    for customer_id in sorted(filter(None, customers)):
        _forget_customer(table, customer_id, user_id, erased)
    bookings, all_moved = _move_money(table, user_id, erased)
    if not all_moved:
        return Erasure(erased, touched, bookings, left=(BOOKINGS,))
    _forget_use(table, user_id)
    table.write(table.delete("profile", keys.profile(user_id)))
    _end(table, erased)
    return Erasure(erased, touched, bookings)


def known_as(table: Table, secret: bytes, user_id: str) -> str:
    """The user's own id, or their tombstone: Stripe may still tell of an erased person."""
    erased = tombstone(secret, user_id)
    return erased if table.get(keys.tombstone(erased)) else user_id


def _mark(table: Table, erased: str) -> None:
    with suppress(Refused):
        table.write(_tombstone(table, erased))


def _begin(table: Table, erased: str, user_id: str) -> None:
    """Also mark the account: from here on, and until all is moved, nobody can tell what is left."""
    moving = table.update("moving", keys.credits(erased), "SET moving = :yes", {":yes": True})
    with suppress(Refused):
        table.transact([_tombstone(table, erased, user_id=user_id), moving])


def _tombstone(table: Table, erased: str, **remembered: str) -> Part:
    key = keys.tombstone(erased)
    item = {"pk": key.pk, "sk": key.sk, **remembered}
    return table.put("tombstone", item, unless="attribute_not_exists(pk)")


def _end(table: Table, erased: str) -> None:
    table.transact(
        [
            table.update("tombstone", keys.tombstone(erased), "REMOVE user_id", {}),
            table.update("moving", keys.credits(erased), "REMOVE moving", {}),
        ]
    )


def _rewrite(
    table: Table,
    attribution: Attribution,
    programme: Programme,
    forget: Callable[[Attribution], Attribution],
) -> int:
    """Store the attribution without the person; how many were changed (none where it was done)."""
    for _ in range(_TRIES):
        forgotten = forget(attribution)
        if forgotten == attribution:
            return 0
        change = Change(before=attribution, after=forgotten)
        try:
            attributions.commit(table, change, monthly_cap=programme.monthly_cap)
        except Refused:
            fresh = attributions.get(table, attribution.id)
            if fresh is None:
                return 0
            attribution = fresh
        else:
            return 1
    raise Busy(f"{attribution.id}: others kept changing it")


def _forget_referred(attribution: Attribution, erased: str) -> Attribution:
    """The rewards name their user through the attribution, so they follow."""
    rewards = tuple(
        replace(reward, user_id=erased)
        if reward.user_id == attribution.referred_user_id
        else reward
        for reward in attribution.rewards
    )
    return replace(
        attribution,
        referred_user_id=erased,
        rewards=rewards,
        click_id=None,
        email_hash=None,
        ip_hash=None,
    )


def _leave_made(table: Table, user_id: str, erased: str, programme: Programme) -> tuple[int, bool]:
    """The user's referrals become the tombstone's, many at a time: how many did, and if all have.

    Some are done however late it is, so that every call gets on.
    """

    def leave(made: Attribution) -> int:
        done = _rewrite(table, made, programme, lambda one: replace(one, referrer_user_id=erased))
        _move_pointer(table, made, user_id, erased)
        return done

    place, at_once = keys.user(user_id), _REFERRALS_AT_ONCE
    pointers = table.query(place, prefix=keys.REFERRAL_PREFIX, page=at_once)
    touched, begun = 0, False
    while some := list(islice(pointers, at_once)):
        if begun and not table.in_time:
            return touched, False
        found = attributions.get_many(table, [pointer["id"] for pointer in some])
        touched, begun = touched + sum(side_by_side(leave, [*found.values()])), True
    return touched, True


def _move_pointer(table: Table, made: Attribution, user_id: str, erased: str) -> None:
    stamp = timestamp(made.created_at)
    old, new = (keys.referral(one, stamp, made.id) for one in (user_id, erased))
    table.transact(
        [
            table.put("referral", {"pk": new.pk, "sk": new.sk, "id": made.id}),
            table.delete("old referral", old),
        ]
    )


def _forget_customer(table: Table, customer_id: str, user_id: str, erased: str) -> None:
    """Later events of the customer find the tombstone; addresses, cards and clicks are gone."""
    link = keys.stripe_link(customer_id)
    table.write(table.update("link", link, "ADD user_ids :erased", {":erased": {erased}}))
    table.write(table.update("link", link, "DELETE user_ids :user", {":user": {user_id}}))
    forget_traits(table, customer_id)


def forget_traits(table: Table, customer_id: str) -> None:
    """Remove hashes of addresses and cards, and clicks, from what Stripe told of the erased."""
    traits = "REMOVE emails, came_by"
    table.write(table.update("link", keys.stripe_link(customer_id), traits, {}))
    for item in table.query(keys.stripe(customer_id), prefix="CHARGE#"):
        if "card" in item:
            _forget_card(table, Key(item["pk"], item["sk"]))


def _forget_card(table: Table, charge: Key) -> None:
    """Whoever has read the card and is to write the charge anew must find that it has changed."""
    forget = "REMOVE card ADD revision :one"
    there = "attribute_exists(card)"
    with suppress(Refused):
        table.write(table.update("card", charge, forget, {":one": 1}, condition=there))


def _retire_code(table: Table, user_id: str, erased: str) -> None:
    code = codes.of_user(table, user_id)
    if code is None:
        return
    codes.retire(table, code, erased)


def _forget_use(table: Table, user_id: str) -> None:
    """What the user's service keys were used for is no money, and their keys are gone."""
    for lane in range(keys.LANES):
        place = keys.use(user_id, "", lane)
        for item in table.query(place.pk, prefix=place.sk):
            table.write(table.delete("use", Key(item["pk"], item["sk"])))


def _move_money(table: Table, user_id: str, erased: str) -> tuple[int, bool]:
    """Bookings, what they add up to, and the months' slots: how many were moved, and if all were.

    A refusal says that something is not as it was read: another erasure of the same person
    moved it, or it was added to. So all is read again.
    """
    moved = refusals = 0
    while refusals < _TRIES:
        try:
            some = _move_bookings(table, user_id, erased)
            if not some:
                _move_counts(table, user_id, erased)
                return moved, True
        except Refused:
            refusals += 1
        else:
            moved, refusals = moved + some, 0
            if not table.in_time:
                return moved, False
    raise Busy(f"{erased}: others kept moving or changing what is theirs")


def _move_bookings(table: Table, user_id: str, erased: str) -> int:
    """The ledger and what it adds up to move together, so that they agree at every moment."""
    bookings = _some_bookings(table, user_id)
    if not bookings:
        return 0
    parts: list[Part] = []
    for item in bookings:
        new, old = keys.ledger(erased, ledger_from(item).key), Key(item["pk"], item["sk"])
        parts.append(table.put("ledger", {**item, "pk": new.pk}))
        # Another erasure of the same person may have moved it since it was read.
        parts.append(table.delete("old ledger", old, condition="attribute_exists(pk)"))
    # What is kept outside is in no balance here.
    total = sum(int(item["credits"]) for item in bookings if "backend" not in item)
    for owner, credits in ((erased, total), (user_id, -total)):
        place = keys.credits(owner)
        parts.append(table.update("credits", place, "ADD balance :credits", {":credits": credits}))
    table.transact(parts)
    return len(bookings)


def _move_counts(table: Table, user_id: str, erased: str) -> None:
    for month in table.query(keys.user(user_id), prefix=keys.REWARDS_PREFIX):
        _move_numbers(table, month, Key(keys.user(erased), month["sk"]), "qualified")
    account = table.get(keys.credits(user_id))
    if account is not None:
        _move_numbers(table, account, keys.credits(erased), "balance", "spent")


def _move_numbers(table: Table, item: Item, new: Key, *names: str) -> None:
    """What the user's item counts is added to the tombstone's, and the item goes."""
    old = Key(item["pk"], item["sk"])
    values = {f":{name}": item[name] for name in names if name in item}
    # Also what is not there yet must not have come meanwhile.
    same = (f"{n} = :{n}" if n in item else f"attribute_not_exists({n})" for n in names)
    parts = [table.delete("old", old, condition=" AND ".join(same), values=values)]
    moved = {name: value for name, value in values.items() if value}
    if moved:
        added = ", ".join(f"{value[1:]} {value}" for value in moved)
        parts.append(table.update("new", new, f"ADD {added}", moved))
    table.transact(parts)


def _some_bookings(table: Table, user_id: str) -> list[Item]:
    bookings = table.query(keys.user(user_id), prefix=keys.LEDGER_PREFIX, page=_BOOKINGS_AT_ONCE)
    return list(islice(bookings, _BOOKINGS_AT_ONCE))


def unfinished(item: Item) -> str | None:
    """The user whose erasure a tombstone shows to be unfinished, if it does."""
    return item.get("user_id")


def erased_among(table: Table, secret: bytes, user_ids: Iterable[str]) -> list[str]:
    """Erased users who are named again: by a request that was held up while they were erased."""
    places = {
        one: keys.tombstone(tombstone(secret, one))
        for one in user_ids
        if not TOMBSTONE_FORM.fullmatch(one)
    }
    found = table.get_many(list(places.values()), consistent=False)
    return [user_id for user_id, place in places.items() if place in found]


def known_by(table: Table, secret: bytes, user_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By which ids each is known: by two of them while an erasure of theirs is under way."""
    places = {one: keys.tombstone(tombstone(secret, one)) for one in user_ids}
    found = table.get_many(list(places.values()))
    names: dict[str, tuple[str, ...]] = {}
    for one, place in places.items():
        user_id = unfinished(found.get(place, {}))
        names[one] = (tombstone(secret, one), user_id) if user_id else (one,)
    return names
