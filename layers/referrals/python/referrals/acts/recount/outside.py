"""The ledger and what is outside: each booking was done there once, and each effect is booked."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from referrals.acts.erasure import known_by
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules import orders
from referrals.rules.attribution import LedgerEntry, Reward
from referrals.rules.outside import CustomerGone, Effect, Undone
from referrals.store import attributions, keys
from referrals.store.items import ledger_from

# What of an item says whose bookings are outside.
ATTRIBUTES = ("pk", "sk", "backend")
# So many users at the same time, one request of each: far from what an outside refuses.
_AT_ONCE = 4
# Seconds between tries while the outside is down or asked too often, as long as a run has time.
_PAUSES = (1, 2, 4, 8, 16)
_LAST_SECONDS = 60


class Books(Protocol):
    """An outside that can be read."""

    name: str

    def effects(self, customer: str) -> Sequence[Effect]:
        """All that was done at a customer under keys of ours. Undone, CustomerGone."""


def users_of(items: Iterable[Item], books: Books) -> set[str]:
    """Whose bookings there some of the items are."""
    return {
        item["pk"].removeprefix(keys.user(""))
        for item in items
        if item["sk"].startswith(keys.LEDGER_PREFIX) and item.get("backend") == books.name
    }


def of_users(
    books: Books, table: Table, secret: bytes, names: Collection[str], *, sure: bool
) -> dict[str, set[str]]:
    """What differs between a user's bookings and what is there. Undone where nobody answers."""
    users = list(names)
    known = known_by(table, secret, users) if sure else {user: (user,) for user in users}

    def compare(some: list[str]) -> list[set[str]]:
        return [set(_of_user(books, table, known[user], sure=sure)) for user in some]

    lanes = [users[lane::_AT_ONCE] for lane in range(_AT_ONCE)]
    found = side_by_side(compare, lanes)
    return {
        user: said
        for lane, told in zip(lanes, found, strict=True)
        for user, said in zip(lane, told, strict=True)
    }


@dataclass(frozen=True)
class _Compared:
    """What the table says of a user, and what is at their customers; None for one that is gone."""

    bookings: Mapping[str, LedgerEntry]
    rewards: Sequence[Reward]
    effects: Mapping[str, Sequence[Effect] | None]

    def of(self, reward: Reward) -> list[Effect] | None:
        """What was done for a reward; None where some of it went with a customer."""
        if reward.gone or any(self.effects[one] is None for one in _customers(reward)):
            return None
        all_of_them = (one for many in self.effects.values() for one in many or ())
        return [one for one in all_of_them if one.key in orders.keys_of(reward)]


def _of_user(books: Books, table: Table, known: Sequence[str], *, sure: bool) -> Iterator[str]:
    bookings = {
        entry.key: entry
        for user in known
        for entry in map(ledger_from, table.query(keys.user(user), prefix=keys.LEDGER_PREFIX))
        if entry.backend == books.name
    }
    ids = {entry.attribution_id for entry in bookings.values()}
    rewards = [
        reward
        for one in attributions.get_many(table, sorted(ids), consistent=sure).values()
        for reward in one.rewards
        if reward.backend == books.name and reward.user_id in known
    ]
    try:
        customers = sorted({one for reward in rewards for one in _customers(reward)})
        effects = {customer: _asked(books, table, customer) for customer in customers}
    except Undone as undone:
        if undone.down:
            raise
        yield f"outside {known[0]}: not compared with {books.name}: {undone.message}"
        return
    compared = _Compared(bookings, rewards, effects)
    yield from _done_twice(compared)
    yield from _not_booked(table, books, compared)
    for reward in rewards:
        yield from _of_reward(reward, compared)


def _customers(reward: Reward) -> set[str]:
    ordered = reward.order.customer if reward.order else None
    return {one for one in (reward.customer, ordered) if one is not None}


def _asked(books: Books, table: Table, customer: str) -> Sequence[Effect] | None:
    pauses = iter(_PAUSES)
    while True:
        try:
            return books.effects(customer)
        except CustomerGone:
            return None
        except Undone as undone:
            pause = next(pauses, None)
            if pause is None or not undone.down or table.time_left < _LAST_SECONDS:
                raise
        time.sleep(pause)


def _done_twice(compared: _Compared) -> Iterator[str]:
    done = defaultdict[str, list[str]](list)
    for many in compared.effects.values():
        for one in many or ():
            done[one.key].append(one.id)
    for key, ids in done.items():
        if len(ids) > 1:
            yield f"outside {key}: done {len(ids)} times: {', '.join(sorted(ids))}"


def _not_booked(table: Table, books: Books, compared: _Compared) -> Iterator[str]:
    """What is there and in no ledger; a customer may be several users'."""
    under_way = {orders.key(reward) for reward in compared.rewards if reward.order}
    strange = [
        one
        for many in compared.effects.values()
        for one in many or ()
        if one.key not in compared.bookings and one.key not in under_way
    ]
    found = attributions.get_many(table, sorted({one.attribution_id for one in strange}))
    for one in strange:
        attribution = found.get(one.attribution_id)
        rewards = attribution.rewards if attribution else ()
        reward = next((r for r in rewards if one.key in orders.keys_of(r)), None)
        if reward is None or not _is_booked(table, reward, one.key):
            yield f"outside {one.key}: {one.id} at {books.name}, neither booked nor under way"


def _is_booked(table: Table, reward: Reward, key: str) -> bool:
    if reward.order is not None and orders.key(reward) == key:
        return True
    return table.get(keys.ledger(reward.user_id, key)) is not None


def _of_reward(reward: Reward, compared: _Compared) -> Iterator[str]:
    effects = compared.of(reward)
    if effects is None:
        return
    done = {one.key: one.id for one in effects}
    for key in sorted(orders.keys_of(reward)):
        booked = compared.bookings.get(key)
        if booked and booked.outside_id and done.get(key) != booked.outside_id:
            said = f"booked as {booked.outside_id}, there it is {done.get(key, 'nothing')}"
            yield f"outside {key}: {said}"
            return
    owed, held = orders.worth(reward, reward.credits - reward.reversed_credits), 0
    for one in effects:
        held += one.worth + (one.lapsed if one.id == reward.outside_id else 0)
    # What came to its end before a claim is held by nothing any more.
    agrees = held == owed or (reward.outside_id is None and held <= (owed or 0))
    if not reward.order and not reward.pending and not agrees:
        yield f"outside {reward.id}: worth {owed} by the ledger, {held} there"
