"""Taking in what Stripe tells: every fact is kept first, then all that it touches is settled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from referrals.acts.erasure import known_as
from referrals.acts.granting import Outcome
from referrals.acts.settlement import settle_customer
from referrals.acts.signups import attribute_customer
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Actor
from referrals.rules.claims import Payments, UnmatchedClaim
from referrals.rules.facts import ChargeSeen, Claim, CustomerCameBy, CustomerLinked, Kept
from referrals.rules.programme import Programme
from referrals.store import facts


@dataclass(frozen=True, kw_only=True)
class EmailSeen:
    """An e-mail address (a keyed hash) that Stripe has for a customer."""

    customer_id: str
    email_hash: str


Fact = Kept | CustomerLinked | CustomerCameBy | EmailSeen


def take_in(
    table: Table, secret: bytes, told: Sequence[Fact], programme: Programme, actor: Actor
) -> list[Outcome]:
    """Keep the facts and settle their customers. May be repeated at any point without harm."""
    kept = side_by_side(lambda fact: _keep(table, secret, fact, actor), told)
    outcomes: list[Outcome] = []
    for customer in sorted({customer for customer in kept if customer}):
        if any(isinstance(fact, CustomerLinked | CustomerCameBy) for fact in told):
            outcomes += attribute_customer(table, secret, customer, programme, actor)
        outcomes += settle_customer(table, secret, customer, programme, actor)
    return outcomes


def unmatched(table: Table, told: Sequence[Fact]) -> list[UnmatchedClaim]:
    """The claims among the facts of which nothing kept says which invoice they are on, if any."""
    claims = [
        fact
        for fact in told
        if (isinstance(fact, Claim) and fact.stands)
        or (isinstance(fact, ChargeSeen) and fact.refunded)
    ]
    owned = [(UnmatchedClaim.of(claim), facts.owner(table, claim)) for claim in claims]
    customers = {customer for _, customer in owned if customer}
    nowhere = {
        claim
        for customer in customers
        for claim in Payments(facts.of_customer(table, customer)).unmatched()
    }
    places = {(claim.kind, claim.id) for claim in nowhere}
    return [claim for claim, owner in owned if owner is None or (claim.kind, claim.id) in places]


def _keep(table: Table, secret: bytes, fact: Fact, actor: Actor) -> str | None:
    """Store one fact; whose it is, None while that is not known."""
    match fact:
        case CustomerLinked():
            facts.link(table, replace(fact, user_id=known_as(table, secret, fact.user_id)))
        case CustomerCameBy():
            facts.note_click(table, fact)
        case EmailSeen():
            facts.note_email(table, fact.customer_id, fact.email_hash)
        case _:
            return facts.record(table, fact, actor.at)
    return fact.customer_id
