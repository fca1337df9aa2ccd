"""Each call of recovery meets each fault, singly and in some pairs, where credits are outside."""

import pytest

from tests.proof.matrix import CANNOT_BE, cells
from tests.proof.outside import OutsideSweep, cases
from tests.simulation.faults import FAULTS

# A sample: `make sweep` takes every pair.
ONE_PAIR_IN = 400


# The others are left to `make sweep`, and to tests/outside.
HERE = ["recovery, http", "what a refund takes back, stripe_balance"]


@pytest.fixture(scope="module", params=HERE)
def swept(request):
    """A case and the outcome of each single fault."""
    sweep = OutsideSweep(cases()[request.param])
    return sweep, sweep.singles()


def test_any_one_fault_is_overcome_and_the_ledger_is_what_is_outside(swept):
    sweep, singles = swept
    wrong = [(cell, outcome.wrong) for cell, outcome in singles.items() if outcome.wrong]
    assert wrong == []
    # Else nothing was tried.
    assert any("granted" in str(item) for item in sweep.baseline.end)


def test_any_two_faults_are_overcome(swept):
    sweep, singles = swept
    pairs = sweep.pairs(singles, ONE_PAIR_IN)
    assert [(pair, outcome.wrong) for pair, outcome in pairs if outcome.wrong] == []


def test_the_matrix_has_no_empty_cell(swept):
    sweep, singles = swept
    for row in cells(sweep, singles):
        assert len(row) == len(FAULTS)
        assert set(row) <= {"at once", "sent again", "recovered", CANNOT_BE}
