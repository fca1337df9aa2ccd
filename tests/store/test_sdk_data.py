"""The SDK data that the layer's build cuts down still knows all that is asked of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.loaders import Loader
from botocore.session import Session

import referrals
from referrals.dynamodb import sdk

LAYER = Path(__file__).parents[2] / "layers" / "referrals"
DYNAMODB = Path(referrals.__file__).parent / "dynamodb"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    data = tmp_path_factory.mktemp("sdk_data")
    subprocess.run([sys.executable, LAYER / "sdk_data.py", data], check=True)
    session = Session()
    session.register_component("data_loader", Loader([str(data)]))
    return session.create_client


def test_every_call_of_the_store_is_known(client):
    calls = {
        call
        for source in DYNAMODB.glob("*.py")
        for call in re.findall(r"(?:client|unrepeated)\.([a-z_]+)\b", source.read_text())
    } - {"exceptions"}
    assert len(calls) >= 8
    assert [call for call in calls if not hasattr(client("dynamodb"), call)] == []


def test_the_errors_that_are_told_apart_are_known(client):
    for name in ("TransactionCanceledException", "TransactionInProgressException"):
        assert hasattr(client("dynamodb").exceptions, name)


def test_secrets_can_be_read(client):
    assert client("secretsmanager").get_secret_value


def test_functions_can_be_started(client):
    assert client("lambda").invoke


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "dynamodb.eu-central-1.amazonaws.com"),
        ("cn-north-1", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "dynamodb.us-gov-west-1.amazonaws.com"),
    ],
)
def test_every_region_is_where_it_was(client, region, host):
    assert client("dynamodb", region_name=region).meta.endpoint_url == f"https://{host}"


def test_without_the_data_botocore_uses_its_own():
    assert not (DYNAMODB / "sdk_data").exists()
    assert "ListTables" in sdk.client("dynamodb").meta.service_model.operation_names
