"""docs/load.md and its picture: what was offered and what came of it, before and now."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import ground
from tests.bench.figures import table
from tests.load.scenarios import SCENARIOS, SPREAD, UNCAPPED, VIRAL

Figures = list[dict[str, Any]]
Wanted = tuple[str, tuple[float, ...], float]

BEFORE, NOW = "before", "now"
_FIGURES = Path(__file__).parent / "figures"
_RATES = {BEFORE: (50, 100, 200, 400), NOW: (50, 200, 1000, 2000)}
_VIRAL_RATES = {BEFORE: (50, 100, 200), NOW: (50, 200, 400)}
# Referrals that are due, seconds of payments, scheduled runs.
_RECOVERY = {BEFORE: (300, 2, 2), NOW: (5_000, 5, 1)}
EVENTS, EVENTS_LAST = "events", 6.0
_HEAD = f"""# A viral day

Written by `make load`; do not edit. The real handlers in simulated time, on a DynamoDB that does
what the real one does and emulators do not ([dynamodb.py](../tests/load/dynamodb.py)): a
transaction holds its items for 10 ms, whether it succeeds or not, and whatever else writes one of
them meanwhile is refused, condition checks among them; a call takes 4 ms; a partition key takes
1,000 write units and 3,000 read units a second, in the table and in each index, and an index that
is full refuses the table's write; the SDK tries four times with its own pauses; Lambda ends a
request after 10 s. Requests come by chance at the rate that is offered. *Busy* are clean 503 and
429, which say when to come again; *failed* are all others, among them requests that were ended.
Milliseconds are those of the requests that were served. A run lasts for 400 requests or ten
seconds; *completed* is what was answered while they still came, so that of a short run the last few
are missing without being lost.

*{SPREAD}*: 200 referrers with a code each. *{VIRAL}*: one referrer has them all, with the cap of
ten rewards a month. *{UNCAPPED.removeprefix(VIRAL + ", ")}*: all of them are rewarded, on one
account. All visitors come through one campaign, and all signups are of one day.
"""
_EVENTS = """Events, from commit to the receiver, by the settings of the template: half of the
requests are signups (one event) and half payments (four). The stream has four shards, which Lambda
asks four times a second (documented); in it a record takes 50 ms, a start that is not waited for
25 ms and 50 ms in its queue, and a new process 0.8 s (assumed, with room). The receiver is 30 ms
away and answers after 100 ms. A call of the SDK takes 3 ms of a whole processor, an event 2 ms and
a handshake 6 ms, of which a process has the share that its memory gives. *At first* are the events
of the first two seconds, in which every process is new:"""


def wanted(label: str) -> Iterator[Wanted]:
    """The points of each scenario."""
    for name in SCENARIOS:
        if not name.startswith(("clicks", "links")):
            rates = _RATES if name.endswith(SPREAD) else _VIRAL_RATES
            yield name, rates[label], 0.010
    for comes in ("clicks", "links"):
        yield f"{comes}, {VIRAL}", (1000, 5000), 0.010
    for hold in (0.005, 0.020):
        yield f"both, {SPREAD}", (500,), hold
    yield "recovery", _RECOVERY[label], 0.010
    if label != BEFORE:
        yield EVENTS, (100, 500), 0.010


def line(one: dict[str, Any]) -> str:
    """A figure for people."""
    return "  ".join(f"{name} {value}" for name, value in one.items())


def store(label: str, found: Figures) -> None:
    """Keep the figures of a run."""
    _FIGURES.mkdir(exist_ok=True)
    (_FIGURES / f"{label}.json").write_text(json.dumps(found, indent=1) + "\n")


def stored(label: str) -> Figures:
    """The figures kept under a label; none where there are none."""
    kept = _FIGURES / f"{label}.json"
    return json.loads(kept.read_text()) if kept.exists() else []


def write() -> None:
    """Write the document of what is kept."""
    parts = [_HEAD, "![](bench-load.svg)\n"]
    for label, head in ((NOW, "## Now"), (BEFORE, "## Before")):
        if found := stored(label):
            parts += [head, _points(found), _recovery(found), _events(found)]
    (ground.DOCS / "load.md").write_text("\n".join(parts))


def draw() -> None:
    """Draw what is kept."""
    ground.prepare()
    command = [ground.OTHERS / "bin" / "python", ground.PROCESS / "draw.py"]
    told = [_FIGURES, ground.DOCS, "", "load"]
    subprocess.run([*command, *told], check=True, env=os.environ | {"MPLBACKEND": "svg"})


def _points(found: Figures) -> str:
    heads = ["Scenario", "Hold", "Offered/s", "Completed/s", "Busy", "Failed", "p50", "p99"]
    rows = [
        [
            one["scenario"],
            f"{one['hold'] * 1000:.0f} ms",
            f"{one['offered']:,.0f}",
            f"{one['completed']:,.0f}",
            f"{one['busy']:.2%}",
            f"{one['failed']:.2%}",
            f"{one['p50']} ms",
            f"{one['p99']} ms",
        ]
        for one in found
        if "offered" in one
    ]
    return "\n" + table(heads, rows)


def _recovery(found: Figures) -> str:
    heads = ["Grants due", "Granted", "Within", "Runs", "Put off an hour", "Payments beside: p99"]
    rows = [
        [
            f"{one['due']:,}",
            f"{one['granted']:,}",
            f"{one['seconds']:,.0f} s",
            f"{one['runs']}",
            f"{one['put_off']}",
            f"{one['payments_p99']} ms, {one['payments_failed']:.2%} failed",
        ]
        for one in found
        if "due" in one
    ]
    about = "Recovery by schedule, every five minutes, beside 100 payments a second:"
    return f"{about}\n\n{table(heads, rows)}" if rows else ""


def _events(found: Figures) -> str:
    heads = ["Who listens", "Events/s", "p50", "p99", "p99 at first", "Missing", "Runs at once"]
    heads += ["Connections made"]
    rows = [
        [
            one["scenario"].removeprefix("events, "),
            f"{one['rate']:,.0f}",
            f"{one['p50']:,} ms",
            f"{one['p99']:,} ms",
            f"{one['p99_at_first']:,} ms",
            f"{one['missing']} of {one['events']:,}",
            f"{one['executions']}",
            f"{one['connections']}",
        ]
        for one in found
        if "executions" in one
    ]
    return f"{_EVENTS}\n\n{table(heads, rows)}" if rows else ""
