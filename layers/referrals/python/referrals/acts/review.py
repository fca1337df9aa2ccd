"""Review: a person's yes or no to an attribution that waits for one, or to many at once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from referrals.acts.granting import Outcome, carry_out
from referrals.dynamodb.parts import too_busy
from referrals.dynamodb.side_by_side import in_turns
from referrals.dynamodb.table import Table
from referrals.rules import life
from referrals.rules.attribution import Actor, Attribution, Change
from referrals.rules.errors import NotFound, Overloaded, ReferralError
from referrals.rules.programme import Programme
from referrals.store import attributions

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A reviewer's word on one attribution."""

    attribution_id: str
    approved: bool
    why: str = ""


@dataclass(frozen=True)
class Decided:
    """What came of a decision: an outcome, or the refusal that says why there is none."""

    decision: Decision
    outcome: Outcome | None = None
    refusal: ReferralError | None = None


def reject(table: Table, attribution_id: str, programme: Programme, actor: Actor) -> Outcome:
    """No reward is created or granted. NotFound, StateConflict."""
    return _rejected(table, _found(table, attribution_id), programme, actor)


def approve(table: Table, attribution_id: str, programme: Programme, actor: Actor) -> Outcome:
    """Qualified and granted, with the cap as it is at this moment. NotFound, StateConflict."""
    return _approved(table, _found(table, attribution_id), programme, actor)


def decide(
    table: Table, decisions: Sequence[Decision], programme: Programme, actor: Actor
) -> list[Decided]:
    """Carry out each decision by itself, side by side; answers in order. None stops another.

    Those of one referrer come one after the other, for their rewards all meet on one account.
    """
    found = attributions.get_many(table, [one.attribution_id for one in decisions])

    def carried_out(one: Decision) -> Decided:
        return _decided(table, found.get(one.attribution_id), one, programme, actor)

    def referrer(one: Decision) -> str:
        known = found.get(one.attribution_id)
        return known.referrer_user_id if known else ""

    return in_turns(carried_out, decisions, referrer)


def _decided(
    table: Table,
    attribution: Attribution | None,
    decision: Decision,
    programme: Programme,
    actor: Actor,
) -> Decided:
    if attribution is None:
        return Decided(decision, refusal=NotFound("no such attribution"))
    if not table.in_time:
        return Decided(decision, refusal=_not_now())
    act = _approved if decision.approved else _rejected
    try:
        outcome = act(table, attribution, programme, replace(actor, why=decision.why))
    except ReferralError as refusal:
        return Decided(decision, refusal=refusal)
    except Exception as error:
        if too_busy(error):
            return Decided(decision, refusal=_not_now())
        log.exception("a decision failed", extra={"attribution": attribution.id})
        return Decided(decision, refusal=ReferralError("internal error"))
    return Decided(decision, outcome)


def _not_now() -> Overloaded:
    return Overloaded("too much at once, try again")


def _rejected(
    table: Table, attribution: Attribution, programme: Programme, actor: Actor
) -> Outcome:
    def decide(current: Attribution, _: bool) -> Change | None:
        return life.reject(current, actor)

    return carry_out(table, attribution, decide, programme, actor)


def _approved(
    table: Table, attribution: Attribution, programme: Programme, actor: Actor
) -> Outcome:
    def decide(current: Attribution, capped: bool) -> Change | None:
        return life.approve(current, programme, actor, capped=capped)

    return carry_out(table, attribution, decide, programme, actor)


def _found(table: Table, attribution_id: str) -> Attribution:
    attribution = attributions.get(table, attribution_id)
    if attribution is None:
        raise NotFound("no such attribution")
    return attribution
