"""What is kept of each person: credits, the slots of their months, what their code brought."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from referrals.acts.erasure import known_by
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.referrer import FIGURES, figures_of
from referrals.store import attributions, keys, referrer_counts

# A referrer may have any number of referrals, of which so many are in memory.
_AT_ONCE = 800
_NOTHING = dict.fromkeys(FIGURES, 0)


def without_account(table: Table, user_ids: Collection[str]) -> set[str]:
    """Those whose ledger no account of theirs stands beside, as far as a glance tells."""
    places = [keys.credits(user) for user in sorted(user_ids)]
    found = table.get_many(places, consistent=False)
    return {user for user in user_ids if keys.credits(user) not in found}


def of_accounts(
    table: Table, secret: bytes, names: Collection[str], *, sure: bool
) -> dict[str, set[str]]:
    """Sum of the ledger = balance and what was spent of it."""
    users = list(names)
    booked = dict(zip(users, side_by_side(lambda one: _booked(table, one), users), strict=True))
    items = table.get_many([keys.credits(user) for user in users], consistent=sure)
    known = known_by(table, secret, users) if sure else {user: (user,) for user in users}
    found: dict[str, set[str]] = {}
    for user in users:
        account = items.get(keys.credits(user), {})
        balance, spent = account.get("balance", 0), account.get("spent", 0)
        if not isinstance(balance, int):
            found[user] = {f"account {user}: the balance is not a number"}
        elif balance + spent != booked[user]:
            said = f"balance {balance} + spent {spent}, ledger says {booked[user]}"
            found[user] = {f"account {user}: {said}"}
        # Bookings move before what was spent of them.
        elif balance < 0 and len(known[user]) == 1:
            found[user] = {f"account {user}: balance {balance} is below zero"}
    return found


def _booked(table: Table, user_id: str) -> int:
    entries = table.query(
        keys.user(user_id), prefix=keys.LEDGER_PREFIX, only=("credits", "backend")
    )
    # What is kept outside is in no balance here.
    return sum(entry["credits"] for entry in entries if "backend" not in entry)


def of_referrers(
    table: Table, secret: bytes, names: Collection[str], *, sure: bool
) -> dict[str, set[str]]:
    """A referrer's months and their code's counts = what their referrals take and count for."""
    known = known_by(table, secret, names) if sure else {user: (user,) for user in names}
    users = list(names)

    def compare(user: str) -> set[str]:
        return set(_of_referrer(table, user, known[user], sure=sure))

    found = side_by_side(compare, users)
    return dict(zip(users, found, strict=True))


def _of_referrer(
    table: Table, user_id: str, known: Collection[str], *, sure: bool
) -> Iterator[str]:
    in_use, figures = Counter[str](), defaultdict[str, Counter[str]](Counter)
    for one in _referrals(table, known, sure=sure):
        figures[one.code] += figures_of(one)
        if one.cap_month is not None:
            in_use[one.cap_month] += 1
    counted = Counter[str]()
    for user in known:
        for item in table.query(keys.user(user), prefix=keys.REWARDS_PREFIX):
            counted[item["sk"].removeprefix(keys.REWARDS_PREFIX)] += item["qualified"]
    for month in in_use.keys() | counted.keys():
        if in_use[month] != counted[month]:
            said = f"counter {counted[month]}, slots in use {in_use[month]}"
            yield f"referrer {user_id} in {month}: {said}"
    for code, seen in figures.items():
        yield from _of_code(table, code, _NOTHING | seen)


def _of_code(table: Table, code: str, recounted: dict[str, int]) -> Iterator[str]:
    stored = referrer_counts.of_code(table, code)
    if stored != recounted:
        yield f"referrer of {code}: stored {stored}, recounted {recounted}"


def _referrals(table: Table, known: Iterable[str], *, sure: bool) -> Iterator[Attribution]:
    for user in known:
        pointers = table.query(keys.user(user), prefix=keys.REFERRAL_PREFIX, only=("id",))
        while some := list(islice(pointers, _AT_ONCE)):
            ids = [one["id"] for one in some]
            yield from attributions.get_many(table, ids, consistent=sure).values()


def of_codes(
    table: Table, secret: bytes, names: Collection[str], *, sure: bool
) -> dict[str, set[str]]:
    """A code counts for nothing unless its owner has referrals, with whom it is compared."""
    owners = table.get_many([keys.code(code) for code in names], consistent=sure)
    users = {place.pk: item["user_id"] for place, item in owners.items()}
    known = known_by(table, secret, users.values()) if sure else {u: (u,) for u in users.values()}

    def compare(code: str) -> set[str]:
        owner = users.get(keys.code(code).pk)
        if any(_has_referrals(table, user) for user in known.get(owner or "", ())):
            return set()
        return set(_of_code(table, code, _NOTHING))

    codes = list(names)
    return dict(zip(codes, side_by_side(compare, codes), strict=True))


def _has_referrals(table: Table, user_id: str) -> bool:
    pointers = table.query(keys.user(user_id), prefix=keys.REFERRAL_PREFIX, page=1)
    return next(pointers, None) is not None
