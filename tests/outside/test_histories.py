"""Many histories of each backend: at most one effect for each key, and the ledger is what is."""

import os

import pytest

from referrals.dynamodb import side_by_side
from tests.outside.history import History
from tests.simulation.standins import InTurn

# More by hand: OUTSIDE_HISTORIES=10000 pytest tests/outside/test_histories.py
NUMBER = int(os.environ.get("OUTSIDE_HISTORIES", "25"))
BACKENDS = ["stripe_balance", "stripe_credit_grants", "http"]


@pytest.fixture(autouse=True)
def in_turn(monkeypatch):
    """A seed's history is the same every time: nothing waits for a thread."""
    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", InTurn)


@pytest.mark.parametrize("backend", BACKENDS)
def test_in_the_end_the_ledger_is_what_is_outside(backend):
    crashes = held = 0
    for seed in range(NUMBER):
        history = History(seed, backend)
        assert history.run() == [], f"seed {seed}"
        crashes, held = crashes + history.crashes, held + history.held
    # Else nothing was tried.
    assert crashes > NUMBER / 10
    assert held > NUMBER / 10
