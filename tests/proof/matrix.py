"""What became of each function, call and fault, as a table for people."""

from tests.proof.sweep import Cell, Outcome, Sweep
from tests.simulation.faults import FAULTS

CANNOT_BE = "cannot be"
_HEADINGS = (
    "lost req.",
    "lost resp.",
    "late",
    "crash <",
    "crash >",
    "throttle",
    "conflict",
    "stale",
    "in part",
)
_WIDTH = 11


def cells(sweep: Sweep, singles: dict[Cell, Outcome]) -> list[list[str]]:
    """For each call what became of it under each fault that can befall it."""
    return [
        [_told(singles[number, fault]) if fault in call.possible else CANNOT_BE for fault in FAULTS]
        for number, call in enumerate(sweep.baseline.calls, 1)
    ]


def rows(name: str, sweep: Sweep, singles: dict[Cell, Outcome]) -> list[str]:
    """A case's calls, each with the outcome of every fault."""
    lines = ["", _row(f"{name} ({sweep.case.function})", _HEADINGS)]
    for number, (call, told) in enumerate(
        zip(sweep.baseline.calls, cells(sweep, singles), strict=True), 1
    ):
        lines.append(_row(f"  {number:>2} {call.operation}", told))
    return lines


def _row(title: str, told: tuple[str, ...] | list[str]) -> str:
    return f"{title:<62}" + "".join(f"{one:<{_WIDTH}}" for one in told)


def _told(outcome: Outcome) -> str:
    return "WRONG" if outcome.wrong else outcome.how
