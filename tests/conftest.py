"""What every test may ask for."""

import os

import pytest
from hypothesis import settings

from tests.environment import ENVIRONMENT

# A slow moment of the machine is no failure.
settings.register_profile("referrals", deadline=None)
settings.load_profile("referrals")

os.environ.update(ENVIRONMENT)

# What is long begins first, so that no process waits for another in the end.
_LONG = (
    "tests/simulation/test_simulation.py",
    "tests/proof/test_fault_sweep.py",
    "tests/proof/test_held.py",
    "tests/simulation/test_canaries.py",
    "tests/store/test_orders.py",
)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    ranks = (rank for rank, long in enumerate(_LONG) if nodeid.startswith(long))
    return next(ranks, len(_LONG))


@pytest.fixture
def table():
    """A fresh table."""
    from tests.tables import ministack_table

    return ministack_table()
