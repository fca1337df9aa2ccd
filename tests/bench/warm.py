"""(b) CPU time of a warm request beside a bare handler's, and (e) the peak of memory."""

from statistics import median

from tests.bench.figures import Figure, ratios
from tests.bench.ground import FUNCTIONS, PROCESS, function_names
from tests.bench.programme import SELDOM
from tests.bench.progress import shown
from tests.bench.runtime import Function, running
from tests.bench.served import Served, served

_ROUNDS = 3
_REQUESTS = 10
_BARE_EVENTS = [{}] * 50
# The least that Lambda gives a function; each is given four times as much.
MEMORY_CEILING_MB = 256


def measure(rounds: int = _ROUNDS) -> list[Figure]:
    """Each round starts every function and a bare handler, lets both warm up, and counts."""
    names = [name for name in function_names() if name not in SELDOM]
    own: dict[str, list[float]] = {name: [] for name in names}
    sdk: dict[str, list[float]] = {name: [] for name in names}
    peak: dict[str, list[float]] = {name: [] for name in ("bare boto3", *names)}
    bare_of: dict[str, list[float]] = {name: [] for name in names}
    with served() as store:
        for _, name in shown([(n, f) for n in range(rounds) for f in own], "warm requests"):
            with running(store.environment(PROCESS / "bare")) as function:
                one = median(_requests(function, _BARE_EVENTS)["requests"])
                peak["bare boto3"].append(function.usage()["peak_kb"] / 1024)
            total, calls, most = _warm(store, name)
            own[name].append(total - calls)
            sdk[name].append(calls)
            bare_of[name].append(one)
            peak[name].append(most)
    figures = []
    for name, bare in bare_of.items():
        figures.append(Figure("warm", name, "x", ratios(own[name], bare)))
        figures.append(Figure("warm: SDK", name, "x", ratios(sdk[name], bare)))
    bare_ms = tuple(1000 * run for runs in bare_of.values() for run in runs)
    figures.append(Figure("warm", "bare boto3", "ms", bare_ms))
    for name, runs in peak.items():
        figures.append(Figure("memory", name, "MB", tuple(runs), MEMORY_CEILING_MB))
    return figures


def _warm(store: Served, name: str) -> tuple[float, float, float]:
    """Median CPU seconds of a request and of its SDK calls, and the peak in MB."""
    events = store.requests.of(name, _REQUESTS + 2)
    with running(store.environment(FUNCTIONS / name)) as function:
        _requests(function, events[:2])
        told = _requests(function, events[2:])
        most = function.usage()["peak_kb"] / 1024
    return median(told["requests"]), median(told["sdk"]), most


def _requests(function: Function, events: list[dict]) -> dict[str, list[float]]:
    told = function.invoke({"probe": "requests", "events": events})
    if not set(told["statuses"]) <= {200, 302}:
        raise RuntimeError(f"a request was refused: {told['statuses']}")
    return told
