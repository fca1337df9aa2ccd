"""Run many histories on two processes, and tell what was found: `python -m tests.simulation`."""

import argparse
import gc
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.environment import ENVIRONMENT

_BATCH = 50
_SECONDS_BETWEEN_NEWS = 15


@dataclass
class Tally:
    """What some histories came to."""

    histories: int = 0
    calls: int = 0
    under_faults: int = 0
    skewed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[int] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.histories += other.histories
        self.calls += other.calls
        self.under_faults += other.under_faults
        self.skewed += other.skewed
        self.faults += other.faults
        self.failed += other.failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--seed", type=int, default=0, help="the first history's seed (default 0)")
    parser.add_argument("--processes", type=int, default=2, help="how many at once (default 2)")
    parser.add_argument("--trace", action="store_true", help="print what happens in each history")
    asked = parser.parse_args()
    began, tally = time.monotonic(), Tally()
    last_news = began
    for part in _parts(asked):
        tally.add(part)
        if tally.failed or time.monotonic() - last_news > _SECONDS_BETWEEN_NEWS:
            last_news = time.monotonic()
            print(f"{tally.histories} of {asked.histories} histories", file=sys.stderr, flush=True)
        if tally.failed:
            break
    print(_report(tally, time.monotonic() - began))
    if not tally.failed:
        return 0
    print(_story(min(tally.failed)))
    return 1


def _parts(asked: argparse.Namespace) -> Iterator[Tally]:
    seeds = range(asked.seed, asked.seed + asked.histories)
    batches = [seeds[start : start + _BATCH] for start in range(0, len(seeds), _BATCH)]
    if asked.trace:
        yield from (_tally(batch, trace=True) for batch in batches)
        return
    with ProcessPoolExecutor(asked.processes) as pool:
        yield from pool.map(_tally, batches)
        pool.shutdown(cancel_futures=True)


def _tally(seeds: range, *, trace: bool = False) -> Tally:
    from tests.simulation.drawing import drawn
    from tests.simulation.history import run

    # What is loaded stays. Once: a second time, what histories leave behind would stay too.
    if not gc.get_freeze_count():
        gc.freeze()
    tally = Tally()
    for seed in seeds:
        result = run(drawn(seed))
        if trace:
            print(f"seed {seed}, digest {result.world.digest()}")
            print(*result.trace, sep="\n")
        under_faults = result.under_faults
        tally.add(
            Tally(
                histories=1,
                calls=len(result.trace),
                under_faults=len(under_faults),
                skewed=result.history.faults.skewed,
                faults=Counter(str(fault) for fault in result.world.struck().elements()),
                failed=[seed] if result.violations else [],
            )
        )
    return tally


def _report(tally: Tally, seconds: float) -> str:
    from tests.simulation.oracle import INVARIANTS

    share = sum(tally.faults.values()) / max(tally.under_faults, 1)
    return "\n".join(
        [
            f"{tally.histories} histories, {tally.calls} calls to DynamoDB, {seconds:.0f} s",
            f"{share:.0%} of {tally.under_faults} calls under faults went wrong:",
            *(f"  {number:>8} {kind}" for kind, number in tally.faults.most_common()),
            f"  {tally.skewed:>8} histories with clocks up to ten minutes wrong",
            f"{len(INVARIANTS)} invariants after each history:",
            *(f"  {one}" for one in INVARIANTS),
            f"failed: {sorted(tally.failed) or 'none'}",
        ]
    )


def _story(seed: int) -> str:
    from tests.simulation.drawing import drawn
    from tests.simulation.history import run
    from tests.simulation.shrinking import shrunk, told

    return told(shrunk(run(drawn(seed))))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.environ.update(ENVIRONMENT)
    sys.exit(main())
