"""(a) A start's CPU time: each function beside a bare boto3 handler and FastAPI + Mangum."""

from collections import defaultdict
from pathlib import Path

from tests.bench.figures import Figure, ratios
from tests.bench.ground import FASTAPI, FUNCTIONS, PROCESS, environment, function_names
from tests.bench.progress import shown
from tests.bench.runtime import running

CEILING = 1.5
_ROUNDS = 7
# A bare handler is started after so many others.
_NEAR = 4
BARE = "bare boto3"


def measure(rounds: int = _ROUNDS) -> list[Figure]:
    """Every round starts each function once, with bare handlers in between."""
    variants: dict[str, tuple[Path, ...]] = {}
    for name in function_names():
        variants[name] = (FUNCTIONS / name,)
        if "api()" in (FUNCTIONS / name / "handler.py").read_text():
            variants[f"{name} on FastAPI"] = (PROCESS / "on_fastapi", FASTAPI, FUNCTIONS / name)
    ours, bare, bare_runs = defaultdict(list), defaultdict(list), []
    turns = [(turn, name) for turn in range(rounds) for name in variants]
    for place, (_, name) in enumerate(shown(turns, "cold starts")):
        if place % _NEAR == 0:
            bare_runs.append(_start(PROCESS / "bare"))
        ours[name].append(_start(*variants[name]))
        bare[name].append(bare_runs[-1])
    figures = [Figure("cold", BARE, "ms", tuple(1000 * run for run in bare_runs))]
    for name, runs in ours.items():
        ceiling = None if "FastAPI" in name else CEILING
        figures.append(Figure("cold", name, "x", ratios(runs, bare[name]), ceiling))
    return figures


def _start(*path: Path) -> float:
    with running(environment(PROCESS, *path)) as function:
        return function.usage()["started"]
