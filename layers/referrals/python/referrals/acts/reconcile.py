"""Reconciliation: all is compared, what differs is told, and then what was cut short is finished.

It goes in steps, and keeps after each how far it has come, so that a run which ends or dies is
gone on with by the next: at worst one step is done twice, which does no harm.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from referrals.acts import repairs
from referrals.acts.granting import Outcome
from referrals.acts.recount import funnel, outside, pages
from referrals.acts.recount.funnel import Hours
from referrals.acts.recount.lasting import lasting
from referrals.acts.recount.outside import Books
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Actor
from referrals.rules.outside import Undone
from referrals.rules.programme import Programme
from referrals.store import reconciliation
from referrals.store.reconciliation import Phase, Reconciliation

# Items of a step: few enough to be in memory, and many enough that a step's one write is little.
_AT_ONCE = 2_000
# Fewer where each user is a request to the outside: a step is minutes at most.
_ASKED_AT_ONCE = 200


@dataclass(frozen=True)
class Step:
    """What was done, and how far that is; `next` is None where all is done."""

    done: Reconciliation
    next: Reconciliation | None
    differences: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def first(self) -> bool:
        """Whether a reconciliation began with it."""
        return self.done.steps == 0

    @property
    def compared(self) -> bool:
        """Whether it was the last that compares: from here on the figures stand."""
        return self.next is not None and self.next.phase is Phase.REPAIRS is not self.done.phase


def reconcile(
    table: Table,
    secret: bytes,
    programme: Programme,
    actor: Actor,
    *,
    anew: bool,
    books: Books | None = None,
) -> Iterator[Step]:
    """Go on with what was begun, or begin `anew`, as far as there is time; each step as it is done.

    Two at the same time do each other no harm: who comes second to a step leaves it to the other.
    `books` are the outside's, where credits are in one that can be read.
    """
    place = reconciliation.under_way(table)
    if place is None and anew:
        place = reconciliation.begin(table, actor.at)
    elif place is not None and anew:
        # What was begun before has not seen what came since.
        place = replace(place, again=True)
    longest = 0.0
    while place is not None:
        time_left = table.time_left
        step = _STEPS[place.phase](_Run(table, secret, programme, actor, books), place)
        yield step
        if step.next is None:
            reconciliation.end(table, place)
            place = reconciliation.begin(table, actor.at) if place.again else None
        elif reconciliation.keep(table, place, step.next):
            place = step.next
        else:
            return
        longest = max(longest, time_left - table.time_left)
        if not table.in_time or table.time_left < 2 * longest:
            return


@dataclass(frozen=True)
class _Run:
    """What every step needs."""

    table: Table
    secret: bytes
    programme: Programme
    actor: Actor
    books: Books | None

    def on(self, place: Reconciliation, **changes: object) -> Reconciliation:
        """The place after a step of this run."""
        return replace(place, run=self.actor.at, steps=place.steps + 1, **changes)  # type: ignore[arg-type]


def _compare_items(run: _Run, place: Reconciliation) -> Step:
    items, after = run.table.scan_page(place.after, _AT_ONCE, pages.ATTRIBUTES)
    found = pages.differences(run.table, run.secret, items, place.after)
    counted = run.on(
        place, items=place.items + len(items), differences=place.differences + len(found)
    )
    if after is None:
        day = funnel.next_day(run.table, None)
        phase = Phase.DAYS if day else _after_all_items(run)
        return Step(place, replace(counted, phase=phase, after=None, day=day), _sorted(found))
    return Step(place, replace(counted, after=after), _sorted(found))


def _compare_day(run: _Run, place: Reconciliation) -> Step:
    assert place.day is not None
    found = lasting(run.table, run.secret, funnel.of_hours, [Hours(place.day)])
    day = funnel.next_day(run.table, place.day + timedelta(days=1))
    phase = Phase.DAYS if day else _after_all_items(run)
    counted = run.on(place, differences=place.differences + len(found), day=day, phase=phase)
    return Step(place, counted, _sorted(found))


def _after_all_items(run: _Run) -> Phase:
    return Phase.OUTSIDE if run.books else Phase.REPAIRS


def _compare_outside(run: _Run, place: Reconciliation) -> Step:
    if run.books is None:
        return Step(place, run.on(place, phase=Phase.REPAIRS, after=None))
    items, after = run.table.scan_page(place.after, _ASKED_AT_ONCE, outside.ATTRIBUTES)
    users = outside.users_of(items, run.books)
    try:
        found = lasting(run.table, run.secret, partial(outside.of_users, run.books), users)
    except Undone as undone:
        # The next reconciliation comes to it again; what is to be repaired does not wait for it.
        found, after = {f"outside: not compared with {run.books.name}: {undone.message}"}, None
    phase = Phase.OUTSIDE if after else Phase.REPAIRS
    differences = place.differences + len(found)
    counted = run.on(place, differences=differences, phase=phase, after=after)
    return Step(place, counted, _sorted(found))


def _repair(run: _Run, place: Reconciliation) -> Step:
    items, after = run.table.scan_page(place.after, _AT_ONCE, repairs.ATTRIBUTES)
    left = repairs.undone(run.table, run.secret, items, run.programme)
    outcomes, in_time = repairs.repair(run.table, run.secret, left, run.programme, run.actor)
    if not in_time:
        return Step(place, run.on(place), outcomes=tuple(outcomes))
    further = run.on(place, after=after) if after else None
    return Step(place, further, outcomes=tuple(outcomes))


_STEPS: dict[Phase, Callable[[_Run, Reconciliation], Step]] = {
    Phase.ITEMS: _compare_items,
    Phase.DAYS: _compare_day,
    Phase.OUTSIDE: _compare_outside,
    Phase.REPAIRS: _repair,
}


def _sorted(found: set[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
