"""A bar on the terminal while something takes its time."""

import sys
import time
from collections.abc import Collection, Iterator
from typing import TypeVar

T = TypeVar("T")
_WIDTH = 30


def shown(things: Collection[T], what: str) -> Iterator[T]:
    """The things one by one, with a bar that says how many are done."""
    started, total = time.monotonic(), len(things)
    for done, thing in enumerate(things):
        _draw(what, done, total, started)
        yield thing
    _draw(what, total, total, started)
    print(file=sys.stderr)


def _draw(what: str, done: int, total: int, started: float) -> None:
    filled = _WIDTH * done // max(total, 1)
    bar = "█" * filled + "·" * (_WIDTH - filled)
    end = "" if sys.stderr.isatty() else "\n"
    # Where nobody watches, a line in ten is enough.
    if sys.stderr.isatty() or done in (0, total) or done * 10 // total > (done - 1) * 10 // total:
        line = f"\r{what:28} {bar} {done}/{total}  {time.monotonic() - started:.0f} s"
        print(line, end=end, file=sys.stderr, flush=True)
