"""What is known of a user for the risk rules: keyed hashes and Stripe customers."""

from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Attribution
from referrals.rules.risk import Person
from referrals.store import keys

_SETS = ("customers", "cards", "ips", "emails")


def get(table: Table, user_id: str) -> Person:
    """The user's traits; an empty Person for a user never seen."""
    return person_from(table.get(keys.profile(user_id)))


def customers_of(table: Table, attribution: Attribution) -> list[str]:
    """The Stripe customers that the referred user is."""
    person = get(table, attribution.referred_user_id)
    return sorted(person.customers | ({attribution.stripe_customer_id or ""} - {""}))


def person_from(item: Item | None) -> Person:
    """The traits that a profile item holds."""
    item = item or {}
    return Person(**{name: frozenset(item.get(name, ())) for name in _SETS})


def note(table: Table, user_id: str, seen: Person, known: Person) -> None:
    """Add what is new of the user. Sets only grow, so the write may be repeated and reordered."""
    new = {
        name: getattr(seen, name) - getattr(known, name)
        for name in _SETS
        if getattr(seen, name) - getattr(known, name)
    }
    if not new:
        return
    table.write(
        table.update(
            "profile",
            keys.profile(user_id),
            "ADD " + ", ".join(f"{name} :{name}" for name in new),
            {f":{name}": set(values) for name, values in new.items()},
        )
    )
