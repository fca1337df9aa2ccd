"""Each call of each function meets each fault, singly and in pairs: the end is the same.

Here every single fault, and some fifty pairs of a case. `python -m tests.proof` takes every pair.
"""

from pathlib import Path

import pytest

from tests.proof.cases import CASES
from tests.proof.matrix import CANNOT_BE, cells
from tests.proof.sweep import Sweep
from tests.simulation.faults import FAULTS

ABOUT = 50
FUNCTIONS = Path(__file__).parent.parent.parent / "functions"


@pytest.fixture(scope="module", params=CASES)
def swept(request):
    """A case and the outcome of each single fault; let go of before the next, as it is large."""
    sweep = Sweep(CASES[request.param])
    return sweep, sweep.singles()


def test_any_one_fault_is_overcome(swept):
    _, singles = swept
    wrong = [(cell, outcome.wrong) for cell, outcome in singles.items() if outcome.wrong]
    assert wrong == []


def test_any_two_faults_are_overcome(swept):
    sweep, singles = swept
    # A second fault follows the first: of all that two can be, half.
    pairs = sweep.pairs(singles, one_in=max(1, len(singles) ** 2 // 2 // ABOUT))
    wrong = [(pair, outcome.wrong) for pair, outcome in pairs if outcome.wrong]
    assert wrong == []


def test_the_matrix_has_no_empty_cell(swept):
    sweep, singles = swept
    for number, call in enumerate(sweep.baseline.calls, 1):
        assert {fault for fault in FAULTS if (number, fault) in singles} == set(call.possible)
    for row in cells(sweep, singles):
        assert len(row) == len(FAULTS)
        assert set(row) <= {"at once", "sent again", "recovered", CANNOT_BE}


def test_every_function_is_swept():
    written = {folder.name for folder in FUNCTIONS.iterdir() if (folder / "handler.py").exists()}
    assert {case.function for case in CASES.values()} == written
