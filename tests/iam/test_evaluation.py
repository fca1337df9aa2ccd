"""The evaluator against what AWS's documentation says of its own examples."""

from contextlib import suppress

import pytest
from ministack.core.iam_evaluator import parse_policy_document

from tests.iam.asks import Ask, dynamodb
from tests.iam.guard import Denied, allowed, running, secrets
from tests.iam.guard import dynamodb as ask_for
from tests.iam.roles import arn

TABLE = arn("Table")
PLAYER = "player-1"
ITEM_ACTIONS = [
    f"dynamodb:{one}"
    for one in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
]
OWN_ITEMS = {
    "Sid": "OwnItems",
    "Effect": "Allow",
    "Action": ITEM_ACTIONS,
    "Resource": TABLE,
    "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [PLAYER]}},
}
TWO_ATTRIBUTES = {
    "Sid": "TwoAttributes",
    "Effect": "Allow",
    "Action": ["dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
    "Resource": TABLE,
    "Condition": {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "TopScore"]},
        "StringEqualsIfExists": {
            "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
            "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"],
        },
    },
}


def key(pk, sk="x"):
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def on(pk, **more):
    return {"TableName": "any", "Key": key(pk), **more}


def is_allowed(operation, request, *statements):
    policy = parse_policy_document({"Version": "2012-10-17", "Statement": list(statements)})
    return all(allowed(policy, ask) is not None for ask in dynamodb(operation, request))


def like(*patterns, **statement):
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}
    return OWN_ITEMS | {"Condition": condition} | statement


def test_what_no_statement_allows_is_denied():
    assert not is_allowed("GetItem", on(PLAYER))
    assert not is_allowed("GetItem", on(PLAYER), OWN_ITEMS | {"Action": "dynamodb:PutItem"})
    assert not is_allowed("GetItem", on(PLAYER), OWN_ITEMS | {"Resource": f"{TABLE}-2"})


def test_a_deny_outweighs_every_allow():
    deny = OWN_ITEMS | {"Sid": "No", "Effect": "Deny", "Action": "dynamodb:DeleteItem"}
    assert is_allowed("DeleteItem", on(PLAYER), OWN_ITEMS)
    assert not is_allowed("DeleteItem", on(PLAYER), OWN_ITEMS, deny)
    assert is_allowed("GetItem", on(PLAYER), OWN_ITEMS, deny)


def test_only_items_of_the_partition_are_within_reach():
    assert is_allowed("GetItem", on(PLAYER), OWN_ITEMS)
    assert not is_allowed("GetItem", on("player-2"), OWN_ITEMS)
    assert is_allowed("PutItem", {"Item": key(PLAYER)}, OWN_ITEMS)
    assert not is_allowed("PutItem", {"Item": key("player-2")}, OWN_ITEMS)


def test_a_query_is_weighed_by_the_partition_that_it_reads():
    query = {"KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)"}
    for pk, expected in ((PLAYER, True), ("player-2", False)):
        query["ExpressionAttributeValues"] = {":pk": {"S": pk}, ":prefix": {"S": PLAYER}}
        assert is_allowed("Query", query, OWN_ITEMS) is expected


def test_a_batch_is_denied_for_one_item_of_somebody_else():
    def batch(*users):
        return {"RequestItems": {"any": {"Keys": [key(user) for user in users]}}}

    assert is_allowed("BatchGetItem", batch(PLAYER, PLAYER), OWN_ITEMS)
    assert not is_allowed("BatchGetItem", batch(PLAYER, "player-2"), OWN_ITEMS)
    # One statement must allow all of it: two that each allow a half do not.
    halves = [like("a#*", Sid="A"), like("b#*", Sid="B")]
    assert not is_allowed("BatchGetItem", batch("a#1", "b#1"), *halves)
    assert is_allowed("BatchGetItem", batch("a#1", "b#1"), like("a#*", "b#*"))


def test_a_scan_returns_all_items_regardless_of_the_leading_keys():
    """ForAllValues holds for no value at all, so the documentation leaves Scan out of the list."""
    assert not is_allowed("Scan", {}, OWN_ITEMS)
    assert is_allowed("Scan", {}, OWN_ITEMS | {"Action": "dynamodb:Scan"})


def test_patterns_know_wildcards_and_case():
    assert is_allowed("GetItem", on("USER#1"), like("USER#*"))
    assert is_allowed("GetItem", on("USER#"), like("USER#*"))
    assert not is_allowed("GetItem", on("user#1"), like("USER#*"))
    assert not is_allowed("GetItem", on("XUSER#1"), like("USER#*"))
    assert is_allowed("GetItem", on("USER#1"), like("USER#?"))
    assert not is_allowed("GetItem", on("USER#12"), like("USER#?"))
    equals = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["USER#*"]}}
    assert not is_allowed("GetItem", on("USER#1"), OWN_ITEMS | {"Condition": equals})
    assert is_allowed("GetItem", on(PLAYER), OWN_ITEMS | {"Action": "DYNAMODB:getitem"})


@pytest.mark.parametrize(
    ("part", "action"),
    [
        ("Put", "PutItem"),
        ("Update", "UpdateItem"),
        ("Delete", "DeleteItem"),
        ("ConditionCheck", "ConditionCheckItem"),
    ],
)
def test_each_part_of_a_transaction_needs_the_action_that_it_is(part, action):
    where = {"Item": key(PLAYER)} if part == "Put" else {"Key": key(PLAYER)}
    write = {"TransactItems": [{part: {"TableName": "any", **where}}]}
    assert is_allowed("TransactWriteItems", write, OWN_ITEMS | {"Action": f"dynamodb:{action}"})
    others = {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "TransactWriteItems"}
    denied = OWN_ITEMS | {"Action": [f"dynamodb:{one}" for one in others - {action}]}
    assert not is_allowed("TransactWriteItems", write, denied)


def test_each_part_of_a_transaction_is_weighed_with_its_own_key():
    put = like("a#*", Sid="PutA", Action="dynamodb:PutItem")
    update = like("b#*", Sid="UpdateB", Action="dynamodb:UpdateItem")

    def write(put_on, updated):
        parts = [{"Put": {"Item": key(put_on)}}, {"Update": {"Key": key(updated)}}]
        return {"TransactItems": parts}

    assert is_allowed("TransactWriteItems", write("a#1", "b#1"), put, update)
    assert not is_allowed("TransactWriteItems", write("b#1", "b#1"), put, update)


def test_only_transactions_may_be_allowed():
    condition = {"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}
    only = OWN_ITEMS | {"Condition": condition}
    put = {"Item": key(PLAYER)}
    assert is_allowed("TransactWriteItems", {"TransactItems": [{"Put": put}]}, only)
    assert not is_allowed("PutItem", put, only)


def test_an_index_is_a_resource_of_its_own_with_its_own_leading_key():
    index = {
        "IndexName": "by_status",
        "KeyConditionExpression": "#p = :p AND #s <= :s",
        "ExpressionAttributeNames": {"#p": "in_status", "#s": "created_at"},
        "ExpressionAttributeValues": {":p": {"S": "rewarded"}, ":s": {"S": "2026"}},
    }
    rewarded = like("rewarded", Resource=f"{TABLE}/index/by_status")
    assert is_allowed("Query", index, rewarded)
    assert not is_allowed("Query", index, like("rewarded", Resource=TABLE))
    assert not is_allowed("Query", index, rewarded | {"Resource": f"{TABLE}/index/by_campaign"})
    assert not is_allowed("Query", index, like("expired", Resource=f"{TABLE}/index/by_status"))


@pytest.mark.parametrize(
    "expressions",
    [
        {"UpdateExpression": "SET Wins = :w"},
        {"UpdateExpression": "SET TopScore = if_not_exists(Wins, :w)"},
        {"UpdateExpression": "ADD TopScore :w REMOVE #w", "names": {"#w": "Wins"}},
        {"UpdateExpression": "ADD TopScore :w", "ConditionExpression": "Wins = :w"},
        {
            "UpdateExpression": "ADD TopScore :w",
            "ConditionExpression": "attribute_exists(#w.TopScore)",
            "names": {"#w": "Wins"},
        },
        {"UpdateExpression": "ADD TopScore :w", "ReturnValues": "ALL_OLD"},
        {"UpdateExpression": "ADD TopScore :w", "ReturnValues": "ALL_NEW"},
    ],
    ids=str,
)
def test_only_listed_attributes_are_written_returned_or_made_a_condition(expressions):
    names = {"ExpressionAttributeNames": expressions.get("names", {})}
    assert not is_allowed("UpdateItem", on(PLAYER) | expressions | names, TWO_ATTRIBUTES)


@pytest.mark.parametrize(
    "expressions",
    [
        {"UpdateExpression": "SET TopScore = :w"},
        {"UpdateExpression": "SET TopScore.Wins = :w"},
        {
            "UpdateExpression": "ADD #t :w",
            "ConditionExpression": "attribute_exists(#t) AND #t > :w",
        },
        {"UpdateExpression": "SET TopScore = :w", "ReturnValues": "UPDATED_NEW"},
    ],
    ids=str,
)
def test_listed_attributes_are_free(expressions):
    names = {"ExpressionAttributeNames": {"#t": "TopScore"}}
    assert is_allowed("UpdateItem", on(PLAYER) | expressions | names, TWO_ATTRIBUTES)


def test_whoever_may_read_some_attributes_must_say_which():
    """Select always has a value: all attributes, unless the request says otherwise."""
    assert not is_allowed("GetItem", on(PLAYER), TWO_ATTRIBUTES)
    assert is_allowed("GetItem", on(PLAYER, ProjectionExpression="TopScore"), TWO_ATTRIBUTES)
    assert not is_allowed(
        "GetItem", on(PLAYER, ProjectionExpression="TopScore, Wins"), TWO_ATTRIBUTES
    )


def test_a_put_names_every_attribute_of_its_item():
    statement = TWO_ATTRIBUTES | {"Action": "dynamodb:PutItem"}
    assert is_allowed("PutItem", {"Item": key(PLAYER) | {"TopScore": {"N": "1"}}}, statement)
    assert not is_allowed("PutItem", {"Item": key(PLAYER) | {"Wins": {"N": "1"}}}, statement)


def test_what_a_function_may_not_do_fails_whatever_catches_exceptions():
    def handler():
        with suppress(Exception):
            ask_for("UpdateItem", on("ATTRIBUTION#1", UpdateExpression="SET code = :c"))

    told = (
        "capture_click: dynamodb:UpdateItem on ATTRIBUTION#1 .* CountTheAddress allow it on other"
    )
    with running("capture_click"), pytest.raises(Denied, match=told):
        handler()


def test_a_secret_is_read_by_whom_it_is_meant_for():
    read = secrets({"StripeSecret": "whsec"})
    with running("stripe_webhook"):
        assert read(arn("StripeSecret")) == "whsec"
    with running("capture_click"), pytest.raises(Denied, match="StripeSecret"):
        read(arn("StripeSecret"))


def test_what_a_test_does_by_itself_is_not_looked_at():
    ask_for("DeleteItem", on("ATTRIBUTION#1"))


def test_a_request_is_told_whole():
    request = on("USER#1", UpdateExpression="ADD spent :one", ReturnValues="ALL_NEW")
    assert list(dynamodb("UpdateItem", request)) == [
        Ask(
            "dynamodb:UpdateItem",
            TABLE,
            {
                "dynamodb:LeadingKeys": ["USER#1"],
                "dynamodb:Attributes": ["pk", "sk", "spent"],
                "dynamodb:ReturnValues": "ALL_NEW",
            },
        )
    ]
