"""A user's credits: the balance, and the ledger that explains it."""

from collections.abc import Sequence

from referrals.rules.attribution import LedgerEntry
from referrals.store import keys
from referrals.store.items import ledger_from
from referrals.store.table import Table


def balances(table: Table, user_ids: Sequence[str]) -> dict[str, int]:
    """The credits that each user has left; 0 for a user without an account."""
    items = table.get_many([keys.credits(user_id) for user_id in user_ids])
    return {
        user_id: _balance(items.get(keys.credits(user_id), {}).get("balance"))
        for user_id in user_ids
    }


def ledger(table: Table, user_id: str) -> list[LedgerEntry]:
    """Every booking of a user's credits, in key order."""
    return [
        ledger_from(item) for item in table.query(keys.user(user_id), prefix=keys.LEDGER_PREFIX)
    ]


def _balance(stored: object) -> int:
    # A balance that is no number is reported where it is written; nothing can be taken from it.
    return stored if isinstance(stored, int) else 0
