"""Which referrals an exact id names, whatever kind of id it is: each is a key, none is scanned for.

A user's id, a code or a Stripe customer means a person, on either side; a referral's own id, an
invoice, a payment intent or a charge means the one referral.
"""

from dataclasses import dataclass

from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.ids import attribution_id, is_user_id, normalized_code
from referrals.store import keys

# DynamoDB answers a key of over 2 KB with an error; no id of anybody's is longer.
LONGEST_ID = 128


@dataclass(frozen=True)
class Meant:
    """The users whose referrals are meant, and the referrals that are meant besides."""

    users: frozenset[str]
    ids: frozenset[str]

    def match(self, attribution: Attribution) -> bool:
        """Whether the attribution is one of them."""
        sides = {attribution.referrer_user_id, attribution.referred_user_id}
        return attribution.id in self.ids or bool(sides & self.users)


def meant(table: Table, secret: bytes, text: str) -> Meant:
    """All that the text may mean, for a user's id may look like anything."""
    code = keys.code(normalized_code(text) or text)
    own, linked, paid = keys.attribution(text), keys.stripe_link(text), keys.payment_owner(text)
    found = table.get_many([code, own, linked, paid])
    users, ids = set(), set()
    if is_user_id(text):
        users.add(text)
    if code in found:
        users.add(str(found[code]["user_id"]))
    if own in found:
        ids.add(text)
    users |= found.get(linked, {}).get("user_ids", set())
    if paid in found:
        payer = keys.stripe_link(str(found[paid]["customer_id"]))
        theirs = table.get_many([payer]).get(payer, {})
        ids |= {attribution_id(secret, user) for user in theirs.get("user_ids", ())}
    return Meant(frozenset(users), frozenset(ids))
