"""Taking in what Stripe tells: every fact is kept first, then all that it touches is settled."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from referrals.acts.erasure import known_as
from referrals.acts.granting import Outcome
from referrals.acts.settlement import settle_customer
from referrals.acts.signups import Signup, attribute
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Actor
from referrals.rules.claims import Payments, UnmatchedClaim
from referrals.rules.errors import InvalidRequest, StateConflict
from referrals.rules.facts import ChargeSeen, Claim, CustomerCameBy, CustomerLinked, Kept
from referrals.rules.ids import TOMBSTONE_FORM
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
            outcomes += _attribute_customer(table, secret, customer, programme, actor)
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


def _attribute_customer(
    table: Table, secret: bytes, customer_id: str, programme: Programme, actor: Actor
) -> list[Outcome]:
    """Attribute the users of a customer by the click that Stripe was told of, if it was.

    Whoever comes second, the click or the user, finds the other: each is kept before this looks.
    Where a product's own call would be refused, nothing is done: Stripe is no place to mend it.
    """
    known = facts.link_of(table, customer_id)
    outcomes = []
    for user_id in sorted(one for one in known.user_ids if not TOMBSTONE_FORM.fullmatch(one)):
        # The ids of followed links sort by their hour: the last click wins.
        for came in reversed(known.came_by):
            signup = Signup(user_id=user_id, click_id=came.click_id, came_at=came.told_at)
            with suppress(InvalidRequest, StateConflict):
                outcomes.append(attribute(table, secret, signup, programme, actor))
    return outcomes
