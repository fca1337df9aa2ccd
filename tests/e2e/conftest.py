"""The real template on this machine: started once for all tests, or the one that runs already."""

import os
from contextlib import contextmanager

import pytest

from local.stack import Stack, free_port
from tests.e2e.deployed import Deployed

CAP = 20
PARAMETERS = {
    "MonthlyReferrerRewardCap": str(CAP),
    # All requests come from one address, and one referrer gets many signups at once.
    "ClicksPerMinute": "0",
    "SignupVelocityLimit": "100000",
}


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The deployed service. REFERRALS_URL and its like in the environment name a running one."""
    if "REFERRALS_URL" in os.environ:
        yield Deployed(os.environ)
        return
    directory = tmp_path_factory.mktemp("stack")
    with Stack(free_port(), free_port(), parameters=PARAMETERS, directory=directory) as stack:
        yield Deployed(stack.environment)


@pytest.fixture(scope="session")
def cap(service) -> int:
    """How many referrals of one referrer are rewarded in a month."""
    headers = {"authorization": f"Token {service.token('user-who-looks')}"}
    me = service.call("GET", "/referrals/me", headers=headers).good
    return me["monthly_referrer_reward_cap"]


@pytest.fixture
def untouched(service):
    """Whatever happens inside leaves the table as it was, the meters of the callers apart."""

    @contextmanager
    def watch():
        before = service.everything()
        yield
        assert service.everything() == before

    return watch
