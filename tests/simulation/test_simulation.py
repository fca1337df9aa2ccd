"""The real service under faults: 300 histories, and the ways in which the simulation could lie."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.drawing import drawn
from tests.simulation.faults import FAULTS, HOLDS
from tests.simulation.history import run
from tests.simulation.shrinking import shrunk, told

HISTORIES = 300
ROOT = Path(__file__).parent.parent.parent


def test_no_history_breaks_a_promise():
    faults, calls = Counter(), 0
    for seed in range(HISTORIES):
        result = run(drawn(seed))
        if result.violations:
            pytest.fail(told(shrunk(result)))
        faults += result.world.struck()
        calls += len(result.under_faults)
    # Where requests are held, little else goes wrong: what is sent again shall arrive.
    assert faults.total() >= 0.18 * calls
    assert set(faults) == {*FAULTS, *HOLDS}


@pytest.mark.parametrize("seed", [3, 11])
def test_a_seed_tells_the_same_history_twice(seed):
    assert run(drawn(seed)).world.digest() == run(drawn(seed)).world.digest()


def test_a_seed_tells_the_same_history_in_another_process():
    def told_with(hash_seed):
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": f"{ROOT / 'layers/referrals/python'}",
        }
        command = [sys.executable, "-m", "tests.simulation", "--histories=2", "--seed=7", "--trace"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        return [line for line in done.stdout.splitlines() if "digest" in line]

    assert told_with("1") == told_with("2")


def test_different_seeds_tell_different_histories():
    assert len({run(drawn(seed)).world.digest() for seed in range(10)}) == 10
