"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.environment import ENVIRONMENT

# A slow moment of the machine is no failure.
settings.register_profile("referrals", deadline=None)
settings.load_profile("referrals")

os.environ.update(ENVIRONMENT)


# A stack is started once for all tests in these folders.
_SERVED = ("e2e", "browser")
# In the order of their length: what begins last shall not be what all wait for.
_LONGEST = ("e2e", "browser", "test_simulation.py", "test_fault_sweep.py", "test_orders.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What is prepared for many is prepared once: one process takes a file, or a whole stack's."""
    for item in items:
        group = next((one for one in _SERVED if one in item.path.parts), str(item.path))
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    ranks = (rank for rank, one in enumerate(_LONGEST) if one in path.parts)
    return next(ranks, len(_LONGEST))


@pytest.fixture
def table():
    """A fresh table."""
    from tests.tables import ministack_table

    return ministack_table()
