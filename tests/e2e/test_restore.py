"""docs/runbook.md, Restoring: the stack is lost, another adopts its table and its secret.

Whoever listened before hears from it again, by the stream that the restored table is given.
"""

import pytest

from local import deployment
from local.stack import Stack, free_port
from tests import stripe_payloads
from tests.e2e.deployed import Deployed
from tests.e2e.listening import told_of
from tests.receiver import Receiver


@pytest.fixture
def receiver():
    one = Receiver(plain=True)
    yield one
    one.stop()


def test_a_restored_table_is_adopted_with_its_own_secret_and_with_no_other(tmp_path, receiver):
    with Stack(free_port(), free_port(), directory=tmp_path) as stack:
        service = Deployed(stack.environment)
        url = f"http://127.0.0.1:{receiver.server_port}/hook"
        listening = service.admin("POST", "/admin/webhook-endpoints", {"url": url}).good
        _, code = service.new_referrer()
        user, sale = service.referred(code)
        assert service.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
        before = service.referral_of(user)
        assert before["attribution"]["status"] == "rewarded"
        table, secret = "referrals-restored", retained(stack)
        told_of(receiver, listening, user, 5)
        stack.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=stack.names["Table"],
            TargetTableName=table,
            UseLatestRestorableTime=True,
        )
        label = with_a_stream(stack, table)
        lose(stack)

        deploy(stack, tmp_path, ExistingTable=table)
        assert service.signup(user, code=code).status == 503
        assert service.click(code).status == 503

        own = {"ExistingTableStream": label, "ExistingHashingSecret": secret}
        deploy(stack, tmp_path, ExistingTable=table, **own)
        assert service.signup(user, code=code).good["id"] == before["attribution"]["id"]
        assert service.referral_of(user) == before
        assert stack.invoke("reconcile", {})["difference_count"] == 0
        later, _ = service.referred(code)
        (event,) = told_of(receiver, listening, later, 1)
        assert event["type"] == "referral.attributed"
        names = deployment.resources(stack.client)
        assert not {"Table", "HashingSecret"} & names.keys()


def with_a_stream(stack, table):
    wanted = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    made = stack.client("dynamodb").update_table(TableName=table, StreamSpecification=wanted)
    return made["TableDescription"]["LatestStreamLabel"]


def retained(stack):
    """The secret outlives prod's stack; the local one takes it along."""
    secrets = stack.client("secretsmanager")
    kept = secrets.get_secret_value(SecretId=stack.names["HashingSecret"])["SecretString"]
    return secrets.create_secret(Name="retained", SecretString=kept)["ARN"]


def lose(stack):
    cloudformation = stack.client("cloudformation")
    cloudformation.delete_stack(StackName=deployment.STACK_NAME)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=deployment.STACK_NAME, WaiterConfig={"Delay": 1})
    assert stack.client("dynamodb").list_tables()["TableNames"] == ["referrals-restored"]


def deploy(stack, directory, **parameters):
    deployment.build_into(directory / "build", directory / "sam.log")
    stack.deploy(directory / "build", **parameters)
