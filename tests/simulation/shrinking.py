"""A failing history made small: fewer acts, then fewer faults, as long as it still fails."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.acts import Act
from tests.simulation.faults import Fault
from tests.simulation.history import Result, run
from tests.simulation.plan import History

T = TypeVar("T")


def shrunk(failed: Result) -> Result:
    """The smallest failing history that leaving things out one by one leads to."""
    smallest = failed

    def fails(history: History) -> bool:
        nonlocal smallest
        result = run(history)
        if result.violations:
            smallest = result
        return bool(result.violations)

    acts = [*failed.history.opening, *failed.history.acts]
    kept = _fewest(acts, lambda fewer: fails(_with_acts(failed.history, fewer)))
    history = _with_acts(failed.history, kept)
    struck = _struck(run(history))

    def with_faults(kept: Sequence[tuple[str, int]]) -> bool:
        return fails(replace(history, faults=replace(history.faults, only=frozenset(kept))))

    _fewest(struck, with_faults)
    return smallest


def _with_acts(history: History, kept: Sequence[Act]) -> History:
    """With these acts alone. Of whom not all is told any more, nothing is expected."""
    changed = {act.about for act in (*history.opening, *history.acts) if act not in kept}
    return replace(
        history,
        opening=tuple(act for act in history.opening if act in kept),
        acts=tuple(act for act in history.acts if act in kept),
        members=tuple(member for member in history.members if member.user not in changed),
    )


def _struck(result: Result) -> list[tuple[str, int]]:
    return [(step.actor, step.number) for step in result.trace if step.fault is not Fault.NONE]


def _fewest(given: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Leave out halves, then quarters, down to single ones, while what is left still fails."""
    kept, size = list(given), max(len(given) // 2, 1)
    while True:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if fails(fewer):
                kept = fewer
            else:
                start += size
        if size == 1:
            return kept
        size //= 2


def told(result: Result) -> str:
    """The failure, how to see it again, and what led to it."""
    history = result.history
    lines = [
        f"seed {history.seed}: {len(result.violations)} promises broken",
        *(f"  {violation}" for violation in result.violations),
        f"  {history.environment} from {history.start:%Y-%m-%d %H:%M:%S}",
        *(f"  before: {act.name}" for act in history.opening),
        *(f"  {act.name} after {act.at.total_seconds():.3f} s" for act in history.acts),
        *map(str, result.under_faults),
    ]
    return "\n".join(lines)
