"""docs/bench.md and its pictures, from the figures that the benches kept."""

import json
import os
import subprocess
from pathlib import Path

from tests.bench import ground
from tests.bench.figures import Figure, table

_DRAW = ground.PROCESS / "draw.py"
_HEAD = """# What is measured

Written by `make bench`; do not edit. A figure is the median of its runs, with the
smallest and the largest in brackets. `x` is a ratio of two measurements of the same round. With a
million referrals: [bench-full.md](bench-full.md).

"""
_HEAD_FULL = """# A million referrals

Written by `SCALE=full python -m tests.bench growth`, which takes long and was run once; do not
edit. How it is measured, and all the rest: [bench.md](bench.md).

"""
_ABOUT = {
    "cold": """## Cold starts

Each function is started in Lambda's own runtime client behind the emulator that the SAM CLI ships,
on the built layer with its bytecode. What counts is the process's CPU time until the handler is
loaded. A bare handler, `boto3.client("dynamodb")`, is started in between, and each start is divided
by the median of the bare ones of its round. *On FastAPI* is the same handler, models and store on
FastAPI and Mangum.
""",
    "warm": """## Warm requests and memory

CPU time of a request in the same process, without the SDK's calls and those alone, as multiples of
a whole request to the bare handler. Memory is the process's peak after its requests.
""",
    "clicks": """## Clicks

CPU time of the process that captures a click, from the event to the answer. Ours is the function
in Lambda's runtime client with the SDK's call, and without the store. The other is a Django site as
`startproject` writes it with pinax-referrals, in one gunicorn worker with psycopg, and without
PostgreSQL, which is a process of its own. In turns, so many clicks each. Ours is as it is deployed
by default: it counts the clicks of each address too (`ClicksPerMinute` 60), which is a second write
and which the other does not do. *no limit* is without it (`ClicksPerMinute` 0): one write each.
""",
    "growth": """## Growth

Tables of a programme that keeps its pace: 1,000 referrals and 10,000 clicks a day, and ten times
as many are ten times as old. Clicks of closed hours are there as their stored counts. Stats are
asked for twenty hours, once with a broken hour at each end, whose items are read one by one, and
once for whole hours. Lists are the first page of 50. Recovery tries 10 of 80 rewards that are owed,
which is a matter of the pace too. All tables must give the same answers, for their newest day is
the same.

Times are the processor's, of the function and the store in one process. The store seeks
([seeking.py](../tests/bench/seeking.py)): MiniStack sorts a whole partition for each query, which
DynamoDB does not do, so SQLite's B-trees find a query's place, and MiniStack carries out the rest.
On the smallest table each of its answers is compared to MiniStack's own. What a time is in
milliseconds says little of DynamoDB; that it stays the same says that nothing is read that grows.

`response_count` is pinax-referrals' count of a referral's responses, with as many of them as there
are clicks, on PostgreSQL after `VACUUM ANALYZE`; *count : stats* is its time beside that of our
stats of whole hours.
""",
    "crowds": """## Crowds

A thousand referrals as above, and beside them a crowd: clicks in the open hour and signups, all of
one referrer, in the hour that the first bound breaks. Both came in minutes that are counted; a
roll-up counts each minute when it is over, and on the smallest table its counts are compared to
those that are stored here. What a call reads one by one is bounded: two minutes of clicks that
nobody has counted yet, and of a minute that a bound breaks its clicks and signups. *me* is the
referrer's own page. Units and round trips must not grow with a crowd, and time must not either.
""",
}


def keep(name: str, figures: list[Figure]) -> None:
    """Keep a bench's figures for the document."""
    _kept(name).write_text(json.dumps([figure.stored() for figure in figures], indent=1))


def write(names: list[str]) -> None:
    """Draw what was measured, and write all that is kept; what never was here stands as it was."""
    drawn = [name for name in names if name in _ABOUT]
    command = [ground.OTHERS / "bin" / "python", _DRAW, ground.BENCH, ground.DOCS]
    environment = os.environ | {"MPLBACKEND": "svg"}
    subprocess.run([*command, _suffix(), *drawn], check=True, env=environment)
    told = _HEAD_FULL if full() else _HEAD
    document = ground.DOCS / f"bench{_suffix()}.md"
    standing = _standing(document)
    sections = [
        _section(name) if _kept(name).exists() else standing.get(about.splitlines()[0], "")
        for name, about in _ABOUT.items()
    ]
    document.write_text(told + "".join(sections))


def _standing(document: Path) -> dict[str, str]:
    """The document's sections as they are, by their headings."""
    _, *sections = document.read_text().split("\n## ")
    return {f"## {one.splitlines()[0]}": f"## {one.rstrip()}\n\n" for one in sections}


def full() -> bool:
    """SCALE=full measures growth up to a million, apart from the rest."""
    return os.environ.get("SCALE") == "full"


def _suffix() -> str:
    return "-full" if full() else ""


def _kept(name: str) -> Path:
    return ground.BENCH / f"{name}{_suffix()}.json"


def _section(name: str) -> str:
    stored = json.loads(_kept(name).read_text())
    figures = [Figure(**{k: v for k, v in one.items() if k != "median"}) for one in stored]
    rows = [[one.bench, one.name, str(one), _bound(one)] for one in figures]
    heads = ["Figure", "Of", "Median", "Bound"]
    return f"{_ABOUT[name]}\n![](bench-{name}{_suffix()}.svg)\n\n{table(heads, rows)}\n"


def _bound(figure: Figure) -> str:
    if figure.ceiling is not None:
        bound = f"≤ {figure.ceiling:g}"
    elif figure.floor is not None:
        bound = f"≥ {figure.floor:g}"
    else:
        return ""
    return f"{bound}, missed" if figure.missed else bound
