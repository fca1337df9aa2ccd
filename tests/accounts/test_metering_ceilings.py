"""What a request's charge costs the service: one write unit and one round trip."""

import pytest

from referrals.store import metering
from tests.accounts.meter import MIDDAY, NEXT_MINUTE, NEXT_MONTH, charge, put, refusal


@pytest.fixture
def consumed(table):
    """(operation, units) of every call so far."""
    calls = []

    def ask(params, **_):
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed, model, **_):
        calls.append((model.name, parsed.get("ConsumedCapacity", {}).get("CapacityUnits")))

    events = table.client.meta.events
    events.register("provide-client-params.dynamodb", ask)
    events.register("after-call.dynamodb", note)
    yield calls
    events.unregister("provide-client-params.dynamodb", ask)
    events.unregister("after-call.dynamodb", note)


@pytest.mark.parametrize("at", [MIDDAY, NEXT_MINUTE, NEXT_MONTH], ids=["same", "minute", "month"])
def test_a_warm_charge_is_one_write_unit_in_one_round_trip(table, consumed, at):
    put(table, "pro", included_used=400_000, balance=5)
    charge(table)
    consumed.clear()
    charge(table, at)
    assert consumed == [("UpdateItem", 1.0)]


def test_a_cold_charge_is_one_round_trip_more(table, consumed):
    put(table, "pro")
    consumed.clear()
    charge(table)
    assert [operation for operation, _ in consumed] == ["UpdateItem", "UpdateItem"]


def test_the_first_charge_of_an_account_is_one_write_unit(table, consumed):
    charge(table)
    assert consumed == [("UpdateItem", 1.0)]


def test_giving_back_is_one_write_unit(table, consumed):
    charged = charge(table)
    consumed.clear()
    metering.give_back(table, charged)
    assert consumed == [("UpdateItem", 1.0)]


def test_a_refusal_reads_the_account_once_and_writes_nothing(table, consumed):
    put(table, "free", minute_used=4)
    charge(table)
    consumed.clear()
    refusal(table)
    assert consumed == [("GetItem", 1.0)]
