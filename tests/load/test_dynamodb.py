"""The model of what DynamoDB does under load: conflicts that last, keys that are full."""

import json

import pytest

from tests.load.dynamodb import DynamoDB, Physics
from tests.load.world import TableAlone
from tests.simulation.faults import Call

USUAL = Physics()


@pytest.fixture(scope="module")
def emulator():
    return TableAlone()


@pytest.fixture
def ask(emulator):
    """Ask one DynamoDB at some time, with the physics given; the code of the answer."""
    emulator.restore({})
    services = {}

    def asked(operation, at, physics=USUAL, **arguments):
        service = services.setdefault(physics, DynamoDB(emulator, physics))
        call = Call(operation, arguments)
        (status, answer), _ = service.answer(call, json.dumps(arguments).encode(), at)
        if status < 300:
            return "done"
        reasons = {one["Code"] for one in answer.get("CancellationReasons", [])} - {"None"}
        return reasons.pop() if reasons else answer["Error"]["Code"]

    def put(sk, **attributes):
        values = {name: {"S": value} for name, value in attributes.items()}
        return {"TableName": emulator.name, "Item": {"pk": {"S": "a"}, "sk": {"S": sk}, **values}}

    def check(sk):
        key = {"pk": {"S": "a"}, "sk": {"S": sk}}
        return {
            "TableName": emulator.name,
            "Key": key,
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    asked.put, asked.check = put, check
    return asked


def test_a_transaction_holds_its_items_for_a_while(ask):
    both = [{"Put": ask.put("one")}, {"Put": ask.put("two")}]
    assert ask("TransactWriteItems", 1.0, TransactItems=both) == "done"
    assert ask("TransactWriteItems", 1.005, TransactItems=both[1:]) == "TransactionConflict"
    assert ask("PutItem", 1.005, **ask.put("one")) == "TransactionConflictException"
    assert ask("PutItem", 1.005, **ask.put("three")) == "done"
    assert ask("TransactWriteItems", 1.011, TransactItems=both) == "done"


def test_one_that_is_doomed_holds_what_it_has_got(ask):
    assert ask("TransactWriteItems", 1.0, TransactItems=[{"Put": ask.put("one")}]) == "done"
    both = [{"Put": ask.put("one")}, {"Put": ask.put("two")}]
    assert ask("TransactWriteItems", 1.009, TransactItems=both) == "TransactionConflict"
    assert ask("PutItem", 1.015, **ask.put("one")) == "done"
    assert ask("PutItem", 1.015, **ask.put("two")) == "TransactionConflictException"


@pytest.mark.parametrize(("conflict", "answer"), [(True, "TransactionConflict"), (False, "done")])
def test_checks_of_one_item_conflict_as_aws_documents_it(ask, conflict, answer):
    physics, check = Physics(checks_conflict=conflict), [{"ConditionCheck": ask.check("one")}]
    assert ask("TransactWriteItems", 1.0, physics, TransactItems=check) == "done"
    assert ask("TransactWriteItems", 1.001, physics, TransactItems=check) == answer
    put = [{"Put": ask.put("one")}]
    assert ask("TransactWriteItems", 1.002, physics, TransactItems=put) == "TransactionConflict"


def test_a_partition_key_bears_a_thousand_units_a_second(ask):
    served = [ask("PutItem", 1.0, **ask.put(f"{number}")) for number in range(1_100)]
    assert served.count("done") == 1_000
    assert served[-1] == "ProvisionedThroughputExceededException"
    assert ask("PutItem", 1.5, **ask.put("later")) == "done"


def test_an_index_that_is_full_refuses_the_tables_write(ask):
    def attributed(number):
        attributes = {"in_status": "attributed#0", "created_at": f"{number}"}
        return {**ask.put("one", **attributes), **_elsewhere(number, ask, attributes)}

    served = [ask("PutItem", 1.0, **attributed(number)) for number in range(1_100)]
    assert served.count("done") == 1_000
    assert ask("PutItem", 1.0, **_elsewhere(2_000, ask, {})) == "done"


def _elsewhere(number, ask, attributes):
    put = ask.put("one", **attributes)
    put["Item"]["pk"] = {"S": f"p{number}"}
    return put
