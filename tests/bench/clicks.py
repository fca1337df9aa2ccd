"""(d) CPU time of a captured click: the function's process beside Django, gunicorn and pinax."""

from tests.bench import pinax
from tests.bench.figures import Figure, ratios
from tests.bench.ground import FUNCTIONS
from tests.bench.progress import shown
from tests.bench.runtime import Function, running
from tests.bench.served import Served, served

# So many times the clicks for each second of a core: as it is deployed, though ours are two writes
# then and theirs one; and one write against one. Both a fifth under what a quiet machine shows.
FLOOR, FLOOR_OF_ONE_WRITE = 1.1, 1.7
_ROUNDS = 25
_CLICKS = 60


def measure() -> list[Figure]:
    """In turns, so many clicks each; ours with Lambda's runtime client and the SDK's calls.

    Ours as it is deployed by default, which counts the clicks of each address; and without that.
    """
    with served() as store, pinax.serving() as site:
        ours, theirs = _in_turns(store, site, {})
        alone, beside = _in_turns(store, site, {"CLICKS_PER_MINUTE": "0"})
    ratio = "clicks per core-second"
    return [
        Figure("clicks", "capture_click", "ms", tuple(1000 * run for run in ours)),
        Figure("clicks", "capture_click, no limit", "ms", tuple(1000 * run for run in alone)),
        Figure("clicks", "Django + gunicorn + pinax", "ms", tuple(1000 * run for run in theirs)),
        Figure("clicks", ratio, "x", ratios(theirs, ours), floor=FLOOR),
        Figure(
            "clicks", f"{ratio}, no limit", "x", ratios(beside, alone), floor=FLOOR_OF_ONE_WRITE
        ),
    ]


def _in_turns(
    store: Served, site: pinax.Site, chosen: dict[str, str]
) -> tuple[list[float], list[float]]:
    ours, theirs = [], []
    variables = store.environment(FUNCTIONS / "capture_click") | chosen
    with running(variables) as function:
        events = store.requests.of("capture_click", _CLICKS)
        _capture(function, events)
        site.capture(_CLICKS)
        for _ in shown(range(_ROUNDS), "clicks"):
            ours.append(_capture(function, events))
            theirs.append(site.capture(_CLICKS))
    return ours, theirs


def _capture(function: Function, events: list[dict]) -> float:
    before = function.usage()["cpu"]
    for event in events:
        if function.invoke(event)["statusCode"] != 200:
            raise RuntimeError("a click was refused")
    return (function.usage()["cpu"] - before) / len(events)
