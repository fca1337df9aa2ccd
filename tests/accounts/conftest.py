"""Accounts are tested on a running service: its fixtures, and a cache of meters per process."""

import pytest

from referrals.dynamodb.table import Table
from referrals.store import metering
from tests.accounts.meter import CachePerThread
from tests.functions.conftest import (  # noqa: F401
    configure,
    environment,
    identity_provider,
    programme,
    time_is,
    tokens,
)
from tests.tables import create_table, ministack_client


@pytest.fixture(scope="session")
def dynamodb():
    """One client for all: making one takes longer than most tests."""
    return ministack_client(retries={"mode": "standard", "total_max_attempts": 4})


@pytest.fixture
def table(dynamodb) -> Table:
    """A fresh table behind a whole client, whose calls can be counted, cut off and refused."""
    fresh = Table(create_table(dynamodb), dynamodb)
    fresh.__dict__["unrepeated"] = dynamodb
    return fresh


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    """Every test begins in a process that has seen no account."""
    monkeypatch.setattr(metering, "_seen", {})


@pytest.fixture
def threads_are_processes(monkeypatch):
    """Each thread remembers accounts on its own, as each Lambda environment does."""
    monkeypatch.setattr(metering, "_seen", CachePerThread())
