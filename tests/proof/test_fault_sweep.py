"""Each call of each function meets each fault, singly and in pairs: the end is the same.

Here every single fault, and one pair in fifty. `python -m tests.proof` takes every pair.
"""

from functools import cache
from pathlib import Path

import pytest

from tests.proof.cases import CASES
from tests.proof.matrix import CANNOT_BE, cells
from tests.proof.sweep import Cell, Outcome, Sweep
from tests.simulation.faults import FAULTS

ONE_PAIR_IN = 50
FUNCTIONS = Path(__file__).parent.parent.parent / "functions"


@cache
def swept(name: str) -> tuple[Sweep, dict[Cell, Outcome]]:
    sweep = Sweep(CASES[name])
    return sweep, sweep.singles()


@pytest.mark.parametrize("name", CASES)
def test_any_one_fault_is_overcome(name):
    _, singles = swept(name)
    wrong = [(cell, outcome.wrong) for cell, outcome in singles.items() if outcome.wrong]
    assert wrong == []


@pytest.mark.parametrize("name", CASES)
def test_any_two_faults_are_overcome(name):
    sweep, singles = swept(name)
    pairs = sweep.pairs(singles, ONE_PAIR_IN)
    wrong = [(pair, outcome.wrong) for pair, outcome in pairs if outcome.wrong]
    assert wrong == []


@pytest.mark.parametrize("name", CASES)
def test_the_matrix_has_no_empty_cell(name):
    sweep, singles = swept(name)
    for number, call in enumerate(sweep.baseline.calls, 1):
        assert {fault for fault in FAULTS if (number, fault) in singles} == set(call.possible)
    for row in cells(sweep, singles):
        assert len(row) == len(FAULTS)
        assert set(row) <= {"at once", "sent again", "recovered", CANNOT_BE}


def test_every_function_is_swept():
    written = {folder.name for folder in FUNCTIONS.iterdir() if (folder / "handler.py").exists()}
    assert {case.function for case in CASES.values()} == written
