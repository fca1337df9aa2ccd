"""Accounts are tested on a running service: its fixtures, and a cache of meters per process."""

import pytest

from referrals.store import metering
from tests.accounts.meter import CachePerThread
from tests.functions.conftest import (  # noqa: F401
    configure,
    dynamodb,
    environment,
    identity_provider,
    programme,
    table,
    time_is,
    tokens,
)


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    """Every test begins in a process that has seen no account."""
    monkeypatch.setattr(metering, "_seen", {})


@pytest.fixture
def threads_are_processes(monkeypatch):
    """Each thread remembers accounts on its own, as each Lambda environment does."""
    monkeypatch.setattr(metering, "_seen", CachePerThread())
