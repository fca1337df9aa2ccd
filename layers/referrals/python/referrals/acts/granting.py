"""Carrying out an act on an attribution, with the grants and reversals that it entails."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from referrals.dynamodb.parts import Busy, Refused, Unwritable
from referrals.dynamodb.table import Table
from referrals.rules import orders
from referrals.rules import rewards as reward_rules
from referrals.rules.attribution import Actor, Attribution, Change
from referrals.rules.programme import Programme
from referrals.store import accounts, attributions
from referrals.store.attributions import CAP, CREDITS, LEDGER

log = logging.getLogger(__name__)

TRIES = 40

# What the attribution's state calls for, given whether the referrer's month is full.
Decide = Callable[[Attribution, bool], Change | None]


@dataclass(frozen=True)
class Outcome:
    """The attribution as it is now, and which rewards were granted or could not be."""

    attribution: Attribution
    changes: tuple[Change, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def granted(self) -> int:
        """How many rewards were granted."""
        return sum(_grants(change) for change in self.changes)

    def then(self, later: "Outcome") -> "Outcome":
        """Both as one."""
        return Outcome(later.attribution, self.changes + later.changes, self.errors + later.errors)


def carry_out(
    table: Table,
    attribution: Attribution,
    decide: Decide,
    programme: Programme,
    actor: Actor,
    *,
    crowded: bool = False,
) -> Outcome:
    """Do what `decide` calls for, in one transaction with the credits that it moves.

    A refusal means that the world moved: the attribution is read again and decided anew. An
    account that cannot be written is left out: its grant is owed and noted, and a reversal that
    it lacks is raised as Unwritable at the end, so that the caller comes back to it. `crowded`
    is where a referrer's month is wanted by many payments at once.
    Raises what `decide` raises, and Busy when others never stop being first.
    """
    capped = programme.monthly_cap < 1
    broken: dict[str, Unwritable] = {}
    changes: tuple[Change, ...] = ()
    for _ in range(TRIES):
        change = decide(attribution, capped)
        whole = _with_credits(table, attribution, change, actor, without=broken.keys())
        try:
            if whole is not None:
                attribution = _commit(table, whole, programme, crowded=crowded)
                changes = (whole,)
        except _Moved as moved:
            attribution, capped = moved.to, capped or moved.cap_reached
        except Unwritable as unwritable:
            users = _unwritable_users(unwritable, whole) - broken.keys()
            if not users:
                raise
            broken |= dict.fromkeys(users, unwritable)
        else:
            return _finish(table, Outcome(attribution, changes), programme, actor, broken)
    raise Busy(f"{attribution.id}: others kept changing it")


def _unwritable_users(unwritable: Unwritable, change: Change | None) -> set[str]:
    """Whose account stood in the way; all of the change's where that cannot be told."""
    _, _, user_id = unwritable.part.partition(f"{CREDITS}:")
    if user_id:
        return {user_id}
    return {entry.user_id for entry in change.ledger} if change else set()


def _finish(
    table: Table,
    outcome: Outcome,
    programme: Programme,
    actor: Actor,
    broken: Mapping[str, Unwritable],
) -> Outcome:
    """What could not be done with the rest: grants are tried on their own, reversals are told."""
    if not broken:
        return outcome
    rest = grant_due(table, outcome.attribution, programme, actor, one_by_one=True)
    if reward_rules.reverse(rest.attribution, {}, actor) is not None:
        raise next(iter(broken.values()))
    return outcome.then(rest)


def grant_due(
    table: Table,
    attribution: Attribution,
    programme: Programme,
    actor: Actor,
    *,
    ignore_backoff: bool = False,
    one_by_one: bool = False,
    at_most: int = 2,
) -> Outcome:
    """Grant what is due, both at once; one that cannot be written never blocks the other."""
    changes, errors, failed = list[Change](), list[str](), set[str]()
    for _ in range(TRIES):
        due = reward_rules.due_rewards(attribution, actor.at, ignore_backoff=ignore_backoff)
        due = tuple(reward for reward in due if reward.id not in failed)
        due = due[: at_most - len(failed) - sum(map(_grants, changes))]
        if not due:
            return Outcome(attribution, tuple(changes), tuple(errors))
        batch = due[:1] if one_by_one else due
        change = reward_rules.grant(attribution, batch, actor)
        try:
            attribution = _commit(table, change, programme)
            changes.append(change)
        except _Moved as moved:
            attribution = moved.to
        except Unwritable as unwritable:
            if len(batch) > 1:
                one_by_one = True
                continue
            try:
                message = _reason(unwritable)
                change = reward_rules.fail_grant(attribution, batch[0], message, actor)
                attribution = _commit(table, change, programme)
                changes.append(change)
                failed.add(batch[0].id)
                errors.append(f"{batch[0].id}: {message}")
            except _Moved as moved:
                attribution = moved.to
    raise Busy(f"{attribution.id}: others kept changing it")


def _reason(unwritable: Unwritable) -> str:
    """What staff are told; DynamoDB's own words are for the log."""
    log.warning("not written", extra={"part": unwritable.part, "reason": str(unwritable)})
    if unwritable.part == LEDGER:
        return "booked already; reconcile tells what differs"
    return "the credits account cannot be written"


def _with_credits(
    table: Table,
    attribution: Attribution,
    change: Change | None,
    actor: Actor,
    *,
    without: Collection[str],
) -> Change | None:
    """The change with the reversals that its claims call for and the grants that are due."""
    after = change.after if change else attribution
    if reward_rules.reverse(after, {}, actor, without=without) is not None:
        users = [one.user_id for one in after.granted_rewards if one.backend is None]
        balances = accounts.balances(table, users)
        reversal = reward_rules.reverse(after, balances, actor, without=without)
        change = change.then(reversal) if change else reversal
    if change is None:
        return None
    change = orders.noticed(change, actor.at)
    due = [
        reward
        for reward in reward_rules.due_rewards(change.after, actor.at)
        if reward.user_id not in without
    ]
    return change.then(reward_rules.grant(change.after, due, actor)) if due else change


def _grants(change: Change) -> int:
    return sum(1 for entry in change.ledger if entry.kind == "grant")


def commit_or_read(table: Table, change: Change, programme: Programme) -> tuple[Attribution, bool]:
    """The attribution as it is now, and whether the change was committed or others were first."""
    try:
        return _commit(table, change, programme), True
    except _Moved as moved:
        return moved.to, False


class _Moved(Exception):
    def __init__(self, to: Attribution, *, cap_reached: bool) -> None:
        super().__init__(to.id)
        self.to = to
        self.cap_reached = cap_reached


def _commit(
    table: Table, change: Change, programme: Programme, *, crowded: bool = False
) -> Attribution:
    """Commit, or tell what stands now. A refusal may be the echo of one's own earlier commit."""
    try:
        return attributions.commit(
            table, change, monthly_cap=programme.monthly_cap, crowded=crowded
        )
    except Refused as refused:
        fresh = attributions.get(table, change.after.id)
        if fresh is None:
            raise LookupError(f"{change.after.id} is gone") from refused
        same = fresh.version == change.after.version
        if same and refused.parts == {LEDGER}:
            raise Unwritable(LEDGER, "the grant key is in the ledger") from refused
        raise _Moved(fresh, cap_reached=CAP in refused.parts) from refused
