"""A user's credits: the balance, and the ledger that explains it."""

from collections.abc import Sequence
from itertools import islice

from referrals.dynamodb.table import Table
from referrals.rules.attribution import LedgerEntry
from referrals.store import keys
from referrals.store.items import ledger_from


def balances(table: Table, user_ids: Sequence[str]) -> dict[str, int]:
    """The credits that each user has left; 0 for a user without an account."""
    items = table.get_many([keys.credits(user_id) for user_id in user_ids])
    return {
        user_id: _balance(items.get(keys.credits(user_id), {}).get("balance"))
        for user_id in user_ids
    }


def ledger_page(
    table: Table, user_id: str, limit: int, after: str | None
) -> tuple[list[LedgerEntry], str | None]:
    """Up to `limit` bookings in key order after a key, and the key to go on after, if any."""
    first = keys.ledger(user_id, after or "")
    bookings = table.query(first.pk, between=(first.sk, f"{keys.LEDGER_PREFIX}~"))
    later = (ledger_from(item) for item in bookings if item["sk"] != first.sk)
    found = list(islice(later, limit + 1))
    if len(found) <= limit:
        return found, None
    return found[:limit], found[limit - 1].key


def _balance(stored: object) -> int:
    # A balance that is no number is reported where it is written; nothing can be taken from it.
    return stored if isinstance(stored, int) else 0
