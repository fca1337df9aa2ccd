"""(d) CPU time of a captured click: the function's process beside Django, gunicorn and pinax."""

from tests.bench import pinax
from tests.bench.figures import Figure, ratios
from tests.bench.ground import FUNCTIONS
from tests.bench.progress import shown
from tests.bench.runtime import Function, running
from tests.bench.served import served

# So many times the clicks for each second of a core, though ours are two writes and theirs one.
FLOOR = 1.3
_ROUNDS = 25
_CLICKS = 60


def measure() -> list[Figure]:
    """In turns, so many clicks each; ours with Lambda's runtime client and the SDK's calls.

    Ours as it is deployed by default, which counts the clicks of each address.
    """
    ours, theirs = [], []
    with (
        served() as store,
        pinax.serving() as site,
        running(store.environment(FUNCTIONS / "capture_click")) as function,
    ):
        events = store.requests.of("capture_click", _CLICKS)
        _capture(function, events)
        site.capture(_CLICKS)
        for _ in shown(range(_ROUNDS), "clicks"):
            ours.append(_capture(function, events))
            theirs.append(site.capture(_CLICKS))
    return [
        Figure("clicks", "capture_click", "ms", tuple(1000 * run for run in ours)),
        Figure("clicks", "Django + gunicorn + pinax", "ms", tuple(1000 * run for run in theirs)),
        Figure("clicks", "clicks per core-second", "x", ratios(theirs, ours), floor=FLOOR),
    ]


def _capture(function: Function, events: list[dict]) -> float:
    before = function.usage()["cpu"]
    for event in events:
        if function.invoke(event)["statusCode"] != 200:
            raise RuntimeError("a click was refused")
    return (function.usage()["cpu"] - before) / len(events)
