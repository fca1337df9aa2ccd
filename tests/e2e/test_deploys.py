"""What `sam deploy` leaves behind: where it fails, and where only a parameter changed."""

import pytest

from local import deployment
from local.emulator import Emulator, clients
from local.failure import Failure
from local.stack import Stack, free_port
from tests.e2e.deployed import Deployed


@pytest.fixture
def emptiness(tmp_path):
    """An account without anything in it, and without an alarm that calculates."""
    emulator = Emulator(free_port(), tmp_path)
    emulator.start()
    yield emulator
    emulator.stop()


def test_a_first_deploy_that_fails_leaves_nothing_behind(emptiness, tmp_path):
    """The emulator refuses prod's alarm that calculates, long after it made the table."""
    log = tmp_path / "sam.log"
    built = deployment.build(log)
    with pytest.raises(Failure):
        deployment.deploy(built, emptiness.url, {"Environment": "prod"}, log)
    client = clients(emptiness.url)
    (stack,) = client("cloudformation").describe_stacks(StackName="referrals")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_changed_parameter_is_in_force_after_sam_build_and_sam_deploy(tmp_path):
    """Whoever calls the API is answered by the rules of the last deploy, not of the last code."""
    log = tmp_path / "sam.log"
    with Stack(free_port(), free_port(), directory=tmp_path) as stack:
        service = Deployed(stack.environment)
        headers = {"authorization": f"Token {service.token('user-who-looks')}"}

        def cap():
            me = service.call("GET", "/referrals/me", headers=headers).good
            return me["monthly_referrer_reward_cap"]

        def deploy(**changed):
            deployment.build_into(tmp_path / "build", log)
            endpoint = stack.environment["AWS_ENDPOINT_URL"]
            deployment.deploy(tmp_path / "build", endpoint, changed, log)

        # What is not given stays as it is, as it does for whoever deploys by hand.
        deploy(AttributionWindowDays="31")
        assert cap() == 10
        deploy(MonthlyReferrerRewardCap="7")
        assert cap() == 7
