"""What staff are shown of a referral's claims: those of which nobody knows what they are on."""

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.claims import Payments, UnmatchedClaim
from referrals.store import facts, profiles


def unmatched_claims(table: Table, attribution: Attribution) -> list[UnmatchedClaim]:
    """The claims of the referred user's customers that no invoice and no answer places."""
    customers = profiles.customers_of(table, attribution)
    known = side_by_side(lambda customer: facts.of_customer(table, customer), customers)
    return [claim for one in known for claim in Payments(one).unmatched()]
