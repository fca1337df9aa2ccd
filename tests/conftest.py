"""What every test may ask for."""

import os

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.environment import ENVIRONMENT

# A slow moment of the machine is no failure.
settings.register_profile("referrals", deadline=None)
settings.load_profile("referrals")

os.environ.update(ENVIRONMENT)

# Whose tests share a stack, started once.
_SERVED = ("tests/e2e/", "tests/browser/")
# What is long begins first, so that all wait for nothing in the end.
_LONG = (
    *_SERVED,
    "tests/simulation/test_simulation.py",
    "tests/proof/test_fault_sweep.py",
    "tests/proof/test_held.py",
    "tests/store/test_orders.py",
)


class Scheduling(LoadFileScheduling):
    """A process takes a whole file, whose preparations are made once, or all that share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (folder for folder in _SERVED if nodeid.startswith(folder))
        return next(shared, super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)


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
