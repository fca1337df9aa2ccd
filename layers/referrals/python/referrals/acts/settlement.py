"""Settling: bringing an attribution to where the facts from Stripe say that it belongs."""

from datetime import datetime

from referrals.acts import erasure
from referrals.acts.granting import Outcome, carry_out
from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules import life, risk
from referrals.rules.attribution import Actor, Attribution, Change, Status
from referrals.rules.facts import CustomerFacts
from referrals.rules.ids import TOMBSTONE_FORM, attribution_id
from referrals.rules.payment import first_payment, qualifies
from referrals.rules.programme import Programme
from referrals.rules.risk import Person
from referrals.rules.times import CLOCK_SKEW, month_of
from referrals.store import evidence, facts, keys, profiles
from referrals.store.evidence import Evidence
from referrals.store.items import attribution_from


def settle_customer(
    table: Table, secret: bytes, customer_id: str, programme: Programme, actor: Actor
) -> list[Outcome]:
    """Settle the attribution of every user that the customer is.

    Facts are stored before this is called: of two events at the same time, the later one to
    store its fact sees both here, so none is lost.
    """
    known = facts.of_customer(table, customer_id)
    if any(map(TOMBSTONE_FORM.fullmatch, known.user_ids)) and (
        known.cards or known.emails or known.came_by
    ):
        # Stripe told once more what an erasure had removed.
        erasure.forget_traits(table, customer_id)
    places = {
        user_id: (keys.profile(user_id), keys.attribution(attribution_id(secret, user_id)))
        for user_id in sorted(known.user_ids)
    }
    stored = table.get_many([place for both in places.values() for place in both])
    outcomes = []
    for user_id, (profile, own) in places.items():
        _note_traits(table, user_id, known, profiles.person_from(stored.get(profile)))
        if own in stored:
            attribution = attribution_from(stored[own])
            outcomes.append(settle(table, secret, attribution, customer_id, programme, actor))
    return outcomes


def settle(
    table: Table,
    secret: bytes,
    attribution: Attribution,
    customer_id: str,
    programme: Programme,
    actor: Actor,
) -> Outcome:
    """Settle one attribution by the facts of one customer.

    The facts are read after the attribution that they decide on. Read before it, they could be
    older than what it has been settled by, and undo a refund.
    """

    def decide(current: Attribution, capped: bool) -> Change | None:
        known, gathered = together(
            lambda: facts.of_customer(table, customer_id),
            lambda: _gathered(table, secret, current, programme, actor),
        )
        payment = first_payment(
            known,
            programme,
            until=current.expires_at + CLOCK_SKEW,
            known=current.first_paid_invoice_id,
        )
        if payment is None:
            return _expire_if_late(current, known, programme, actor)
        flags: tuple[str, ...] = ()
        if gathered is not None and not payment.claimed_whole:
            weighed = evidence.weighed(gathered, secret, current, [known], programme)
            flags = risk.flags(weighed, programme.risk_rules)
            # Known beforehand, a full month costs no transaction that is refused: those of a
            # referrer whom everybody follows would all meet on it.
            capped = capped or gathered.month_full
        return life.meet_payment(current, payment, flags, programme, actor, capped=capped)

    return carry_out(table, attribution, decide, programme, actor, crowded=True)


def _gathered(
    table: Table, secret: bytes, attribution: Attribution, programme: Programme, actor: Actor
) -> Evidence | None:
    if not _undecided(attribution):
        return None
    return evidence.gather(table, secret, attribution, programme, month_of(actor.at))


def settle_attribution(
    table: Table, secret: bytes, attribution: Attribution, programme: Programme, actor: Actor
) -> Outcome:
    """Settle one attribution by what is known of its user's customers."""
    outcome = Outcome(attribution)
    for customer_id in profiles.customers_of(table, attribution):
        later = settle(table, secret, outcome.attribution, customer_id, programme, actor)
        outcome = outcome.then(later)
    return outcome


def _undecided(attribution: Attribution) -> bool:
    """Risk is looked at while it can still hold something back."""
    return (
        life.awaits_payment(attribution)
        or life.held_by_warning(attribution)
        or (
            attribution.status in (Status.QUALIFIED, Status.REJECTED)
            and not attribution.committed_rewards
            and not attribution.reviewed
        )
    )


def _expire_if_late(
    attribution: Attribution, known: CustomerFacts, programme: Programme, actor: Actor
) -> Change | None:
    late: list[datetime] = [
        invoice.paid_at for invoice in known.invoices if qualifies(invoice, programme)
    ]
    if not late:
        return None
    return life.expire(attribution, max(actor.at, *late), actor)


def _note_traits(table: Table, user_id: str, known: CustomerFacts, noted: Person) -> None:
    """Remember what Stripe told of a user, so that it counts when they are a referrer."""
    if TOMBSTONE_FORM.fullmatch(user_id):
        return
    seen = Person(customers=frozenset({known.customer_id}), cards=known.cards, emails=known.emails)
    profiles.note(table, user_id, seen, noted)
