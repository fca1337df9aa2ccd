"""(a) A start's CPU time: each function beside a bare boto3 handler and FastAPI + Mangum."""

from collections import defaultdict
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure, ratios
from tests.bench.ground import FASTAPI, FUNCTIONS, PROCESS, environment, function_names
from tests.bench.progress import shown
from tests.bench.runtime import running

CEILING = 1.5
_ROUNDS = 13
# A bare handler is started after so many others.
_NEAR = 3
# The comparison, which has no ceiling, is made in every so many rounds.
_COMPARED = 3
BARE = "bare boto3"


def measure(rounds: int = _ROUNDS) -> list[Figure]:
    """Every round starts each function once, with bare handlers in between.

    One start differs from the next by a tenth, so a round's starts are divided by the median of
    its bare ones.
    """
    turns = [(turn, name) for turn in range(rounds) for name in _variants(turn)]
    runs: dict[str, dict[int, float]] = defaultdict(dict)
    bare: dict[int, list[float]] = defaultdict(list)
    for place, (turn, name) in enumerate(shown(turns, "cold starts")):
        if place % _NEAR == 0:
            bare[turn].append(_start(PROCESS / "bare"))
        runs[name][turn] = _start(*_variants(turn)[name])
    usual = {turn: median(starts) for turn, starts in bare.items()}
    figures = [Figure("cold", BARE, "ms", tuple(1000 * one for one in usual.values()))]
    for name, by_turn in runs.items():
        ceiling = None if "FastAPI" in name else CEILING
        beside = ratios(list(by_turn.values()), [usual[turn] for turn in by_turn])
        figures.append(Figure("cold", name, "x", beside, ceiling))
    return figures


def _variants(turn: int) -> dict[str, tuple[Path, ...]]:
    """What a round starts, and the directories that make it so."""
    variants: dict[str, tuple[Path, ...]] = {}
    for name in function_names():
        variants[name] = (FUNCTIONS / name,)
        if turn % _COMPARED == 0 and "api()" in (FUNCTIONS / name / "handler.py").read_text():
            variants[f"{name} on FastAPI"] = (PROCESS / "on_fastapi", FASTAPI, FUNCTIONS / name)
    return variants


def _start(*path: Path) -> float:
    with running(environment(PROCESS, *path)) as function:
        return function.usage()["started"]
