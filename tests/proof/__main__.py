"""Sweep every function with every fault, singly and in pairs, and print the matrix."""

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.environment import ENVIRONMENT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--one-pair-in", type=int, default=1, help="take one pair in so many")
    parser.add_argument("--processes", type=int, default=2, help="how many at once (default 2)")
    asked = parser.parse_args()
    from tests.proof.cases import CASES
    from tests.proof.outside import cases

    names = [*CASES, *cases()]
    began, failed, runs = time.monotonic(), 0, 0
    with ProcessPoolExecutor(asked.processes) as pool:
        sweeps = pool.map(partial(_swept, one_in=asked.one_pair_in), names)
        for done, (lines, wrong, number) in enumerate(sweeps, 1):
            print(*lines, sep="\n", flush=True)
            failed, runs = failed + wrong, runs + number
            print(f"{done} of {len(names)} cases", file=sys.stderr, flush=True)
    print(f"{runs} runs in {time.monotonic() - began:.0f} s, {failed} ended wrongly")
    return int(failed > 0)


def _swept(name: str, one_in: int) -> tuple[list[str], int, int]:
    """The case's part of the matrix, how many runs went wrong, and how many there were."""
    from tests.proof.cases import CASES
    from tests.proof.matrix import rows
    from tests.proof.outside import OutsideSweep, cases
    from tests.proof.sweep import Sweep

    sweep = Sweep(CASES[name]) if name in CASES else OutsideSweep(cases()[name])
    singles = sweep.singles()
    lines, ends = rows(name, sweep, singles), Counter[str]()
    wrong = sum(bool(outcome.wrong) for outcome in singles.values())
    held, wrong_held = _held(name)
    lines, wrong = [*lines, *wrong_held], wrong + len(wrong_held)
    for pair, outcome in sweep.pairs(singles, one_in):
        ends[outcome.how] += 1
        if outcome.wrong:
            wrong += 1
            lines.append(f"  WRONG {pair}: {outcome.wrong}")
    told = "; ".join(f"{number} {how}" for how, number in ends.most_common())
    lines.append(f"     {ends.total()} pairs: {told}; held {held} times")
    return lines, wrong, len(singles) + held + ends.total()


def _held(name: str) -> tuple[int, list[str]]:
    """How often the case's request was held while another came to its end, and what went wrong."""
    from tests.proof.cases import CASES
    from tests.proof.held import OTHERS, Meeting

    number, wrong = 0, []
    for other in (name, *OTHERS):
        for call, fault, found in Meeting(CASES[name], CASES[other]).all():
            number += 1
            wrong += [f"  WRONG {fault} at call {call}, beside {other}: {found}"] if found else []
    return number, wrong


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.environ.update(ENVIRONMENT)
    sys.exit(main())
