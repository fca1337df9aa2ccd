"""What every test may ask for."""

import os

import pytest
from hypothesis import settings

# A slow moment of the machine is no failure.
settings.register_profile("referrals", deadline=None)
settings.load_profile("referrals")

os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    POWERTOOLS_SERVICE_NAME="referrals",
    POWERTOOLS_METRICS_NAMESPACE="Referrals",
)


@pytest.fixture
def table():
    """A fresh table."""
    from tests.tables import ministack_table

    return ministack_table()
