"""The ledger against the outside, over the items as they are stored and what is there."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from referrals.dynamodb.table import Table
from tests.outside.product import Product
from tests.outside.stripe_account import StripeAccount, Thing
from tests.tables import everything

KEY = "credits_grant_key"


def differences(table: Table, account: StripeAccount) -> list[str]:
    """Every difference in a sentence."""
    items = everything(table)
    rewards, ledger = dict(_rewards(items)), _ledger(items)
    effects = _effects(account)
    return [*_once(effects, account), *_agree(rewards, ledger, effects, account)]


def differences_of_product(table: Table, product: Product) -> list[str]:
    """The same where credits are in the product's own billing, which keeps each key once."""
    items = everything(table)
    ledger, kept = _ledger(items), product.kept()
    under_way = {_order_key(name, one) for name, one in _rewards(items) if "order" in one}
    return [*_booked(ledger, kept, under_way), *_spent(kept, product)]


def _booked(
    ledger: dict[str, Any], kept: dict[str, tuple[str, str, int]], under_way: set[str]
) -> Iterator[str]:
    for key, entry in ledger.items():
        booked = entry.get("outside_id"), entry["credits"]
        identity, _, credits = kept.get(key, (None, "", 0))
        if booked != (identity, credits):
            yield f"{key}: booked as {booked}, but outside there is {(identity, credits)}"
    for key in kept.keys() - ledger.keys() - under_way:
        yield f"{key}: done outside, but neither booked nor under way"


def _spent(kept: dict[str, tuple[str, str, int]], product: Product) -> Iterator[str]:
    """What is moved twice under one key is in the balance and not in what is kept."""
    for user_id, credits in product.balances().items():
        moved = sum(number for _, user, number in kept.values() if user == user_id)
        if moved != credits + product.spent.get(user_id, 0):
            yield f"{user_id}: {credits} there, {moved} moved"


def _ledger(items: list[Any]) -> dict[str, Any]:
    return {
        item["sk"].removeprefix("LEDGER#"): item
        for item in items
        if item["sk"].startswith("LEDGER#") and "backend" in item
    }


def _effects(account: StripeAccount) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = defaultdict(list)
    for one in (*account.transactions, *account.grants):
        if key := one["metadata"].get(KEY):
            found[key].append(one)
    return found


def _standing(effects: list[Thing], account: StripeAccount) -> list[Thing]:
    """What was done to who was deleted is gone with them."""
    return [one for one in effects if not account.is_deleted(one["customer"])]


def _once(effects: dict[str, list[Thing]], account: StripeAccount) -> Iterator[str]:
    for key, made in effects.items():
        if len(_standing(made, account)) > 1:
            yield f"{key}: {len(made)} effects outside"


def _agree(
    rewards: dict[str, Any],
    ledger: dict[str, Any],
    effects: dict[str, list[Thing]],
    account: StripeAccount,
) -> Iterator[str]:
    """Each booking has its effect, and each effect its booking, unless an order is under way."""
    for key, entry in ledger.items():
        ids = [one["id"] for one in effects.get(key, [])]
        if entry.get("outside_id") not in (None, *ids):
            yield f"{key}: booked as {entry['outside_id']}, but outside there is {ids}"
    under_way = {_order_key(name, reward) for name, reward in rewards.items() if "order" in reward}
    for key, made in effects.items():
        if key not in ledger and key not in under_way and _standing(made, account):
            yield f"{key}: done outside, but neither booked nor under way"
    for name, reward in rewards.items():
        if "credits_granted_at" in reward and "backend" in reward and "order" not in reward:
            yield from _worth(name, reward, ledger, effects, account)


def _worth(
    name: str,
    reward: Any,
    ledger: dict[str, Any],
    effects: dict[str, list[Thing]],
    account: StripeAccount,
) -> Iterator[str]:
    """What was done outside for a reward adds up to what the ledger has of it."""
    booked = {entry.get("outside_id") for key, entry in ledger.items() if name in key.split(":")}
    made = [one for many in effects.values() for one in many if one["id"] in booked]
    if len(_standing(made, account)) < len(made):
        return
    left = reward.get("credits", 0) - reward.get("reversed_credits", 0)
    owed = reward.get("amount", 0) * left // max(reward.get("credits", 0), 1)
    if reward["backend"] == "stripe_balance":
        outside = -sum(one["amount"] for one in made)
    else:
        # What is left there, and what invoices used: all else came to its end.
        live = sum(account.available(one) for one in made)
        outside = live + sum(account.used(one) for one in made)
        standing = [one["id"] for one in made if account.available(one)]
        if standing not in ([], [reward.get("outside_id")]):
            yield f"{name}: held by {standing}, but {reward.get('outside_id')} is booked"
    if outside != owed:
        yield f"{name}: worth {owed} by the ledger, {outside} outside"


def _order_key(name: str, reward: Any) -> str:
    kind, number = reward["order"]["kind"], reward.get("reversals", 0) + 1
    if kind == "grant":
        return name
    return f"{kind}:{name}" + ("" if number == 1 else f":{number}")


def _rewards(items: list[Any]) -> Iterator[tuple[str, Any]]:
    for item in items:
        if item["sk"] == "ATTRIBUTION":
            for role, reward in item.get("rewards", {}).items():
                yield f"{item['id'].replace('attr_', 'reward_')}_{role}", reward
