"""docs/runbook.md, Restoring: the stack is lost, another adopts its table and its secret."""

from local import deployment
from local.stack import Stack, free_port
from tests import stripe_payloads
from tests.e2e.deployed import Deployed


def test_a_restored_table_is_adopted_with_its_own_secret_and_with_no_other(tmp_path):
    with Stack(free_port(), free_port(), directory=tmp_path) as stack:
        service = Deployed(stack.environment)
        _, code = service.new_referrer()
        user, sale = service.referred(code)
        assert service.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
        before = service.referral_of(user)
        assert before["attribution"]["status"] == "rewarded"
        table, secret = "referrals-restored", retained(stack)
        stack.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=stack.names["Table"],
            TargetTableName=table,
            UseLatestRestorableTime=True,
        )
        lose(stack)

        deploy(stack, tmp_path, ExistingTable=table)
        assert service.signup(user, code=code).status == 503
        assert service.click(code).status == 503

        deploy(stack, tmp_path, ExistingTable=table, ExistingHashingSecret=secret)
        assert service.signup(user, code=code).good["id"] == before["attribution"]["id"]
        assert service.referral_of(user) == before
        assert stack.invoke("reconcile", {})["difference_count"] == 0
        names = deployment.resources(stack.client)
        assert not {"Table", "HashingSecret"} & names.keys()


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
