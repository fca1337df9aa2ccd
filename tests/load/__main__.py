"""`python -m tests.load`: offer load, tell what is completed, draw it, write docs/load.md."""

import argparse
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.environment import ENVIRONMENT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--processes", type=int, default=2, help="how many at once (default 2)")
    parser.add_argument("--label", default="now", help="what the figures are kept as")
    parser.add_argument("--only", default="", help="only scenarios whose name holds this")
    asked = parser.parse_args()
    from tests.load import report

    began, found = time.monotonic(), list[dict[str, Any]]()
    wanted = [one for one in report.wanted(asked.label) if asked.only in one[0]]
    with ProcessPoolExecutor(asked.processes) as pool:
        for kept in pool.map(_measured, wanted):
            found += kept
            for one in kept:
                print(report.line(one), flush=True)
    print(f"all: {time.monotonic() - began:.0f} s", file=sys.stderr)
    if asked.only:
        # The picture shows none of what is measured alone.
        known = {one["scenario"] for one in found}
        others = [one for one in report.stored(asked.label) if one["scenario"] not in known]
        report.store(asked.label, [*others, *found])
    else:
        report.store(asked.label, found)
        report.draw()
    report.write()
    return 0


def _measured(wanted: tuple[str, tuple[float, ...], float]) -> list[dict[str, Any]]:
    warnings.simplefilter("ignore")
    os.environ.update(ENVIRONMENT)
    from tests.load.dynamodb import Physics
    from tests.load.listening import heard
    from tests.load.recovering import recovered
    from tests.load.report import EVENTS, EVENTS_LAST
    from tests.load.running import point
    from tests.load.scenarios import SCENARIOS

    name, rates, hold = wanted
    physics = Physics(hold=hold)
    if name == EVENTS:
        return [
            heard(rate, physics, lasts=EVENTS_LAST, hangs=hangs).stored()
            for rate in rates
            for hangs in (False, True)
        ]
    if name == "recovery":
        referrals, lasts, runs = (int(one) for one in rates)
        done = recovered(referrals, physics, lasts=lasts, runs=runs)
        return [{"scenario": name, **done.stored()}]
    return [point(SCENARIOS[name], rate, physics).stored() for rate in rates]


if __name__ == "__main__":
    sys.exit(main())
