"""What every test may ask for."""

import os

import pytest
from hypothesis import settings

from tests.environment import ENVIRONMENT

# A slow moment of the machine is no failure.
settings.register_profile("referrals", deadline=None)
settings.load_profile("referrals")

os.environ.update(ENVIRONMENT)


@pytest.fixture
def table():
    """A fresh table."""
    from tests.tables import ministack_table

    return ministack_table()
