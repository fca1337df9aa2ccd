"""One thing after the other: what goes wrong is written down beforehand, by the call's number."""

import pytest

from referrals.dynamodb import side_by_side
from referrals.dynamodb import table as table_module
from referrals.store import metering
from tests.simulation.standins import InTurn


@pytest.fixture(autouse=True)
def in_turn(monkeypatch):
    """No threads, no waiting, and no memory of other tests' accounts."""
    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", InTurn)
    monkeypatch.setattr(table_module, "_FIRST_WAIT", 0)
    monkeypatch.setattr(metering, "_seen", {})
