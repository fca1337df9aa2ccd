"""What the roles must never allow, whoever uses it, and what IAM asks of the policies."""

import json

import pytest

from referrals.store import keys
from tests.iam import roles
from tests.iam.asks import dynamodb
from tests.iam.guard import allowed
from tests.template import processed, template

FUNCTIONS = sorted(roles.policies())
every_function = pytest.mark.parametrize("function", FUNCTIONS)
DIGEST = "0" * 64
# AWS counts a policy's characters without white space.
LARGEST_SHARED, LARGEST_INLINE = 6_144, 10_240


def may(function, operation, key, **request):
    """Whether functions/<function> may do it to an item."""
    place = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    where = {"Item": place | request} if operation == "PutItem" else {"Key": place, **request}
    policy = roles.statements(function)
    return all(allowed(policy, ask) is not None for ask in dynamodb(operation, where))


def set_(*names):
    return {"UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in names)}


@every_function
def test_nothing_but_reconcile_may_read_the_whole_table(function):
    actions = {action for one in roles.statements(function) for action in one.actions}
    assert not any("*" in action for action in actions)
    assert ("dynamodb:Scan" in actions) is (function == "reconcile")


@every_function
def test_every_write_is_bound_to_keys(function):
    for one in roles.statements(function):
        if any(action.endswith("Item") and "Get" not in action for action in one.actions):
            forms = roles.bound_to(one, roles.KEYS)
            assert forms, f"{one.sid} is bound to no key"
            assert not any(form.startswith("*") for form in forms)


@every_function
def test_every_condition_is_of_the_form_that_aws_documents(function):
    """Keys and attributes are sets, so that anything but ForAllValues would let strangers pass."""
    for one in roles.statements(function):
        assert one.effect == "Allow"
        for operator, block in one.conditions.items():
            assert operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals")
            assert block.keys() <= {roles.KEYS, roles.ATTRIBUTES}
        if roles.bound_to(one, roles.ATTRIBUTES):
            # A Put or Delete replaces what it may not name, unless the key is all its own.
            assert "dynamodb:DeleteItem" not in one.actions


@every_function
def test_every_statement_has_a_name_of_its_own(function):
    names = [one.sid for one in roles.statements(function)]
    assert all(names)
    assert len(names) == len(set(names))


@every_function
def test_what_lambda_does_on_its_behalf_is_to_keep_what_failed(function):
    documents = roles.policies()[function]
    actions = {action for one in documents for action in roles.actions(one)}
    meant = {"sqs:SendMessage"}
    if function == "publish_events":
        stream = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        meant |= {f"dynamodb:{name}" for name in stream}
    assert {one for one in actions if not roles.is_asked_for(one)} <= meant


def test_a_click_reaches_no_attribution_and_nothing_of_stripe_or_of_a_user():
    """It serves strangers: whatever is wrong with it, referrals and payments are out of reach."""
    out_of_reach = (
        keys.attribution("any"),
        keys.stripe_link("cus_any"),
        keys.profile("any"),
        keys.ledger("any", "grant"),
        keys.monthly_rewards("any", "2026-11"),
        keys.tombstone("any"),
    )
    for key in out_of_reach:
        for operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
            assert not may("capture_click", operation, key)


def test_a_click_makes_no_key_and_no_code_and_revives_none():
    key = keys.api_key(DIGEST)
    assert may("capture_click", "UpdateItem", key, **set_("last_used_on"))
    for attribute in ("user_id", "role", "id", "created_at", "revoked_at"):
        assert not may("capture_click", "UpdateItem", key, **set_("last_used_on", attribute))
    removal = {"UpdateExpression": "REMOVE revoked_at"}
    assert not may("capture_click", "UpdateItem", key, **removal)
    for operation in ("PutItem", "DeleteItem"):
        assert not may("capture_click", operation, key)
    for operation in ("PutItem", "UpdateItem", "DeleteItem"):
        assert not may("capture_click", operation, keys.code("A1B2C3D4E5F6"))


def test_whoever_charges_an_account_makes_none_and_books_nothing():
    for function in FUNCTIONS:
        if any(one.sid == "ChargeTheAccount" for one in roles.statements(function)):
            assert may(function, "UpdateItem", keys.credits("any"), **set_("minute_used"))
            assert not may(function, "UpdateItem", keys.credits("any"), **set_("user_id"))
            assert not may(function, "PutItem", keys.credits("any"))


def test_a_click_reaches_no_balance():
    account = keys.credits("any")
    assert may("capture_click", "UpdateItem", account, **set_("included_used"))
    for attribute in ("balance", "spent", "overage"):
        assert not may("capture_click", "UpdateItem", account, **set_(attribute))
        assert may("list_referrals", "UpdateItem", account, **set_(attribute))


def test_a_user_looking_at_their_referrals_changes_no_referral_and_no_credits():
    for function in ("my_referrals", "my_referral_events"):
        for key in (keys.attribution("any"), keys.credits("any"), keys.ledger("any", "grant")):
            for operation in ("PutItem", "DeleteItem"):
                assert not may(function, operation, key)
            assert not may(function, "UpdateItem", key, **set_("credits"))
    assert may("my_referrals", "UpdateItem", keys.profile("any"), **set_("code"))
    assert not may("my_referrals", "UpdateItem", keys.profile("any"), **set_("customers"))


def test_a_webhook_sets_nothing_of_an_account_but_its_balance():
    assert may("stripe_webhook", "UpdateItem", keys.credits("any"), **set_("balance"))
    assert not may("stripe_webhook", "UpdateItem", keys.credits("any"), **set_("plan"))


@pytest.fixture
def long_names(monkeypatch):
    """ARNs as long as CloudFormation makes them: of a stack with the longest name there may be."""
    short = roles.arn
    monkeypatch.setattr(roles, "arn", lambda name: f"{short(name)}-{'s' * 128}-ABCDEFGHIJKL")


def size(document):
    return len(json.dumps(document, separators=(",", ":")))


def test_the_shared_policies_are_as_short_as_aws_asks(long_names):
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            document = roles.resolved(resource["Properties"]["PolicyDocument"])
            assert size(document) <= LARGEST_SHARED


def test_the_policies_within_a_role_are_together_as_short_as_aws_asks(long_names):
    made = processed(Environment="prod")
    for name in (one for one in made if one.endswith("FunctionRole")):
        inline = [one["PolicyDocument"] for one in made[name]["Properties"].get("Policies", ())]
        assert sum(size(roles.resolved(one)) for one in inline) <= LARGEST_INLINE
