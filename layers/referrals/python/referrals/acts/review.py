"""Review: a person's yes or no to an attribution that waits for one."""

from referrals.acts.granting import Outcome, carry_out
from referrals.dynamodb.table import Table
from referrals.rules import life
from referrals.rules.attribution import Actor, Attribution, Change
from referrals.rules.errors import NotFound
from referrals.rules.programme import Programme
from referrals.store import attributions


def reject(table: Table, attribution_id: str, programme: Programme, actor: Actor) -> Outcome:
    """No reward is created or granted. NotFound, StateConflict."""
    return carry_out(
        table,
        _found(table, attribution_id),
        lambda current, _: life.reject(current, actor),
        programme,
        actor,
    )


def approve(table: Table, attribution_id: str, programme: Programme, actor: Actor) -> Outcome:
    """Qualified and granted, with the cap as it is at this moment. NotFound, StateConflict."""

    def decide(current: Attribution, capped: bool) -> Change | None:
        return life.approve(current, programme, actor, capped=capped)

    return carry_out(table, _found(table, attribution_id), decide, programme, actor)


def _found(table: Table, attribution_id: str) -> Attribution:
    attribution = attributions.get(table, attribution_id)
    if attribution is None:
        raise NotFound("no such attribution")
    return attribution
