"""A user's credits: the balance, and the ledger that explains it."""

from collections.abc import Sequence
from heapq import nlargest

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.table import Table
from referrals.rules.attribution import LedgerEntry, Reward
from referrals.rules.rewards import booking_keys
from referrals.rules.times import timestamp
from referrals.store import keys
from referrals.store.items import ledger_from


def balances(table: Table, user_ids: Sequence[str]) -> dict[str, int]:
    """The credits that each user has left; 0 for a user without an account.

    Raises Busy where an erasure is moving them: what it has not moved yet is not seen.
    """
    items = table.get_many([keys.credits(user_id) for user_id in user_ids])
    if any(item.get("moving") for item in items.values()):
        raise Busy("an erasure is moving the credits")
    return {
        user_id: _balance(items.get(keys.credits(user_id), {}).get("balance"))
        for user_id in user_ids
    }


def bookings_of(table: Table, rewards: Sequence[Reward]) -> tuple[LedgerEntry, ...]:
    """What was booked for these rewards, oldest first: their keys follow from the rewards."""
    places = [
        keys.ledger(reward.user_id, key) for reward in rewards for key in booking_keys(reward)
    ]
    found = map(ledger_from, table.get_many(places).values())
    return tuple(sorted(found, key=_place))


# A booking's place in a ledger: its time and its key.
Place = tuple[str, str]


def ledger_page(
    table: Table, user_id: str, limit: int, after: Place | None
) -> tuple[list[LedgerEntry], Place | None]:
    """Up to `limit` bookings, newest first, after a place, and the place to go on from, if any.

    A booking's key is what lets it be booked once, so it tells no time: all of them are read.
    """
    bookings = map(ledger_from, table.query(keys.user(user_id), prefix=keys.LEDGER_PREFIX))
    older = (entry for entry in bookings if after is None or _place(entry) < after)
    found = nlargest(limit + 1, older, key=_place)
    if len(found) <= limit:
        return found, None
    return found[:limit], _place(found[limit - 1])


def _place(entry: LedgerEntry) -> Place:
    return timestamp(entry.at), entry.key


def _balance(stored: object) -> int:
    # A balance that is no number is reported where it is written; nothing can be taken from it.
    return stored if isinstance(stored, int) else 0
