"""What DynamoDB refuses or answers in part, the emulator does too: our code runs against it.

The figures are those of "Quotas in Amazon DynamoDB". An emulator that lets any of them pass would
let code pass that fails on AWS.
"""

import pytest
from botocore.exceptions import ClientError

from referrals.dynamodb.values import Key
from tests.limits import BATCH_BYTES
from tests.tables import ministack_table

KEY = {"pk": {"S": "A"}, "sk": {"S": "1"}}
NAMES = {"#t": "text"}


def key(pk="A", sk="1"):
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item(size=0, **more):
    return KEY | {"text": {"S": "x" * size}} | more


def put(table, one=KEY, **more):
    return {"Put": {"TableName": table.name, "Item": one, **more}}


def many(number):
    return [{"pk": {"S": "A"}, "sk": {"S": f"{one:03}"}} for one in range(number)]


@pytest.fixture(scope="module")
def table():
    return ministack_table()


REFUSED = {
    "an item over 400 KB": lambda t, c: c.put_item(TableName=t.name, Item=item(400 * 1024)),
    "an item that grows over 400 KB": lambda t, c: c.update_item(
        TableName=t.name,
        Key=KEY,
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames=NAMES,
        ExpressionAttributeValues={":t": {"S": "x" * 400 * 1024}},
    ),
    "a partition key over 2048 bytes": lambda t, c: c.get_item(
        TableName=t.name, Key=key(pk="é" * 1_025)
    ),
    "a sort key over 1024 bytes": lambda t, c: c.get_item(TableName=t.name, Key=key(sk="é" * 513)),
    "a written sort key over 1024 bytes": lambda t, c: c.put_item(
        TableName=t.name, Item=key(sk="x" * 1_025)
    ),
    "a key of nothing": lambda t, c: c.put_item(TableName=t.name, Item=key(sk="")),
    "a sort key of an index over 1024 bytes": lambda t, c: c.put_item(
        TableName=t.name, Item=item(in_status={"S": "x"}, created_at={"S": "x" * 1_025})
    ),
    "a key of an index of nothing": lambda t, c: c.put_item(
        TableName=t.name, Item=item(in_status={"S": ""}, created_at={"S": "x"})
    ),
    "an expression over 4 KB": lambda t, c: c.update_item(
        TableName=t.name,
        Key=KEY,
        UpdateExpression="SET " + ", ".join(f"a{n:04} = :v" for n in range(400)),
        ExpressionAttributeValues={":v": {"N": "1"}},
    ),
    "a condition over 4 KB": lambda t, c: c.put_item(
        TableName=t.name,
        Item=KEY,
        ConditionExpression=" OR ".join(f"attribute_exists(a{n:04})" for n in range(200)),
    ),
    "a batch of 101 keys": lambda t, c: c.batch_get_item(
        RequestItems={t.name: {"Keys": many(101)}}
    ),
    "a key twice in a batch": lambda t, c: c.batch_get_item(
        RequestItems={t.name: {"Keys": [KEY, KEY]}}
    ),
    "a batch of 26 writes": lambda t, c: c.batch_write_item(
        RequestItems={t.name: [{"PutRequest": {"Item": one}} for one in many(26)]}
    ),
    "a transaction of 101 actions": lambda t, c: c.transact_write_items(
        TransactItems=[put(t, one) for one in many(101)]
    ),
    "a transaction over 4 MB": lambda t, c: c.transact_write_items(
        TransactItems=[put(t, one | {"text": {"S": "x" * 390_000}}) for one in many(12)]
    ),
    "an item twice in a transaction": lambda t, c: c.transact_write_items(
        TransactItems=[put(t), put(t)]
    ),
    "a consistent read of an index": lambda t, c: c.query(
        TableName=t.name,
        IndexName="by_status",
        KeyConditionExpression="in_status = :v",
        ExpressionAttributeValues={":v": {"S": "x"}},
        ConsistentRead=True,
    ),
    "an update of a key": lambda t, c: c.update_item(
        TableName=t.name,
        Key=KEY,
        UpdateExpression="SET pk = :v",
        ExpressionAttributeValues={":v": {"S": "B"}},
    ),
    "a value that no expression names": lambda t, c: c.put_item(
        TableName=t.name,
        Item=KEY,
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":v": {"S": "B"}},
    ),
    "a reserved word as a name": lambda t, c: c.update_item(
        TableName=t.name,
        Key=KEY,
        UpdateExpression="SET status = :v",
        ExpressionAttributeValues={":v": {"S": "B"}},
    ),
}


@pytest.mark.parametrize("request_", REFUSED)
def test_what_is_over_a_limit_is_refused(table, request_):
    with pytest.raises(ClientError) as refused:
        REFUSED[request_](table, table.client)
    code = refused.value.response["Error"]["Code"]
    assert code in ("ValidationException", "TransactionCanceledException")


@pytest.fixture
def wide():
    """Sixty items of 300 KB: more than a batch brings, and far more than a page."""
    made = ministack_table()
    for one in many(60):
        made.write(made.put("x", {"pk": "A", "sk": one["sk"]["S"], "text": "x" * 300_000}))
    return made


def test_a_batch_brings_16_mb_at_most_and_all_is_read_all_the_same(wide):
    answer = wide.client.batch_get_item(RequestItems={wide.name: {"Keys": many(60)}})
    left = answer["UnprocessedKeys"][wide.name]["Keys"]
    assert len(answer["Responses"][wide.name]) + len(left) == 60
    assert sum(len(one["text"]["S"]) for one in answer["Responses"][wide.name]) < BATCH_BYTES
    assert len(left) == 5
    places = [(one["pk"]["S"], one["sk"]["S"]) for one in many(60)]
    assert len(wide.get_many([Key(*place) for place in places])) == 60


def test_a_page_holds_1_mb_before_a_filter_and_all_is_read_all_the_same(wide):
    asked = {
        "TableName": wide.name,
        "KeyConditionExpression": "pk = :pk",
        "FilterExpression": "attribute_not_exists(#t)",
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": {":pk": {"S": "A"}},
    }
    answer = wide.client.query(**asked)
    assert (answer["Items"], answer["ScannedCount"]) == ([], 3)
    assert "LastEvaluatedKey" in answer
    assert len(list(wide.query("A"))) == 60
    items, after = wide.scan_page(None, 1_000, ("sk",))
    assert (len(items), after) == (3, Key("A", "002"))
