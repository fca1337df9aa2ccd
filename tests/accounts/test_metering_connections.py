"""Lambda freezes a process between requests, and its connections die unnoticed."""

import pytest
from botocore.exceptions import ConnectionClosedError

from referrals.dynamodb.table import Table
from referrals.edge import service
from referrals.store import click_limit, keys, metering
from tests import stripe_payloads
from tests.accounts.meter import MIDDAY, NEXT_MINUTE, charge, used
from tests.dying_connections import DynamoDB

ONE, TWO, THREE = (
    dict.fromkeys(("minute_used", "day_used", "included_used"), number) for number in (1, 2, 3)
)


@pytest.fixture
def dynamodb_over_tcp(monkeypatch):
    server = DynamoDB()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def connected(table, dynamodb_over_tcp, monkeypatch):
    """The table as a function reaches it."""
    connected = Table.connect(table.name)
    monkeypatch.setattr(service, "table", lambda: connected)
    yield connected
    connected.client.close()
    connected.unrepeated.close()


def test_a_charge_finds_its_connection_dead_and_is_made(connected, dynamodb_over_tcp, table):
    charge(connected)
    dynamodb_over_tcp.sleep()
    assert charge(connected).account.minute_used == 2
    assert used(table) == TWO


def test_a_charge_that_died_with_its_answer_is_counted_twice_at_worst(
    connected, dynamodb_over_tcp, table
):
    charge(connected)
    dynamodb_over_tcp.sleep(carried_out=True)
    assert charge(connected).account.minute_used == 3
    assert used(table) == THREE


def test_one_that_opened_a_minute_and_died_with_its_answer_finds_it_open(
    connected, dynamodb_over_tcp, table
):
    charge(connected)
    dynamodb_over_tcp.sleep(carried_out=True)
    assert charge(connected, NEXT_MINUTE).account.minute_used == 2
    assert used(table) == THREE | {"minute_used": 2}


def test_a_charge_is_tried_once_more_and_no_oftener(connected, dynamodb_over_tcp, table):
    charge(connected)
    before, dynamodb_over_tcp.gone = dynamodb_over_tcp.requests, True
    with pytest.raises(ConnectionClosedError):
        charge(connected)
    assert dynamodb_over_tcp.requests == before + 2
    assert used(table) == ONE


def test_what_is_given_back_is_never_given_back_twice(connected, dynamodb_over_tcp, table):
    charge(connected)
    charged = charge(connected)
    dynamodb_over_tcp.sleep(carried_out=True)
    with pytest.raises(ConnectionClosedError):
        metering.give_back(connected, charged)
    assert used(table) == ONE


def test_a_click_is_counted_against_its_limit_all_the_same(connected, dynamodb_over_tcp, table):
    click_limit.take(connected, "an address", 10, MIDDAY)
    dynamodb_over_tcp.sleep()
    click_limit.take(connected, "an address", 10, MIDDAY)
    item = table.get(keys.click_limit("an address", MIDDAY.strftime("%Y%m%d%H%M")))
    assert item["clicks"] == 2


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_request_after_a_sleep_is_answered_and_grants_once(
    programme, connected, dynamodb_over_tcp, carried_out
):
    sale = programme.referred("user-new")
    dynamodb_over_tcp.sleep(carried_out=carried_out)
    assert programme.list().good["items"]
    dynamodb_over_tcp.sleep(carried_out=carried_out)
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good
    assert programme.balance("user-new") == 10_000
