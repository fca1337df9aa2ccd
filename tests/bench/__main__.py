"""`python -m tests.bench`: measure, draw, tell what was missed."""

import argparse
import sys
import time
from collections.abc import Callable

from tests.bench import clicks, cold, cost, crowds, ground, growth, report, warm
from tests.bench.figures import Figure

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "cold": cold.measure,
    "cost": cost.measure,
    "warm": warm.measure,
    "clicks": clicks.measure,
    "growth": growth.measure,
    "crowds": crowds.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("bench", nargs="*", help=f"one of {', '.join(BENCHES)}; all by default")
    wanted = parser.parse_args().bench or list(BENCHES)
    ground.prepare()
    missed, began = [], time.monotonic()
    for name in wanted:
        started = time.monotonic()
        figures = BENCHES[name]()
        for figure in figures:
            print(f"{figure.bench:12} {figure.name:34} {figure}{'  MISSED' * figure.missed}")
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
        report.keep(name, figures)
        missed += [figure for figure in figures if figure.missed]
    report.write(wanted)
    print(f"all: {time.monotonic() - began:.0f} s", file=sys.stderr)
    for figure in missed:
        print(f"MISSED: {figure.bench} {figure.name} {figure}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
