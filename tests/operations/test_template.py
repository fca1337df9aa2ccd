"""What the template promises of every function: how it is seen, what it may do, how it is rolled
out."""

import re
from fnmatch import fnmatchcase

import pytest

from referrals.store import keys
from tests.template import processed, template

GLOBALS = template()["Globals"]["Function"]
FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
every_function = pytest.mark.parametrize("function", FUNCTIONS)


def statements(function, resources):
    """What a function may do, by its own policies and the shared ones that it names."""
    for policy in FUNCTIONS[function]["Policies"]:
        shared = "Ref" in policy and resources[policy["Ref"]]["Properties"]["PolicyDocument"]
        yield from (shared or policy)["Statement"]


def actions(statement):
    named = statement["Action"]
    return [named] if isinstance(named, str) else named


def leading_keys(statement):
    """Patterns of the partition keys that a statement is bound to; none where it is not."""
    (patterns,) = [
        condition["dynamodb:LeadingKeys"] for condition in statement.get("Condition", {}).values()
    ] or [[]]
    return patterns


@every_function
def test_every_function_keeps_its_logs_for_as_long_as_asked(function, resources):
    group = resources[FUNCTIONS[function]["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@every_function
def test_every_function_is_traced(function):
    assert FUNCTIONS[function].get("Tracing", GLOBALS["Tracing"]) == "Active"


def test_what_runs_by_the_clock_leaves_its_failures_somewhere():
    dead_letters = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    scheduled = 0
    for function in FUNCTIONS.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "HttpApi":
                continue
            scheduled += 1
            failed = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            assert failed["Destination"] == dead_letters
            assert event["Properties"]["DeadLetterConfig"]["Arn"] == dead_letters
    assert scheduled == 4


@every_function
def test_nothing_but_reconcile_may_read_the_whole_table(function, resources):
    allowed = {action for one in statements(function, resources) for action in actions(one)}
    assert not any("*" in action for action in allowed)
    assert ("dynamodb:Scan" in allowed) is (function == "ReconcileFunction")


def test_a_click_reaches_no_attribution_and_nothing_of_stripe(resources):
    """It serves strangers: whatever is wrong with it, referrals and payments are out of reach."""
    out_of_reach = [keys.attribution("any").pk, keys.stripe("cus_any")]
    bound = [
        statement
        for statement in statements("CaptureClickFunction", resources)
        if any(action.startswith("dynamodb:") for action in actions(statement))
    ]
    assert bound
    for statement in bound:
        patterns = leading_keys(statement)
        assert patterns, f"{statement['Sid']} is bound to no key"
        assert not any(fnmatchcase(pk, one) for pk in out_of_reach for one in patterns)


def groups(resources):
    return [one for one in resources.values() if one["Type"] == "AWS::CodeDeploy::DeploymentGroup"]


def test_what_prod_keeps_goes_where_its_first_deploy_fails(resources):
    """The rollback can delete nothing that is protected, and must delete what has no data yet."""
    kept = {name: resource for name, resource in resources.items() if "DeletionPolicy" in resource}
    assert {"Table", "HashingSecret", "StripeSecret"} <= kept.keys()
    for resource in kept.values():
        assert resource["DeletionPolicy"]["Fn::If"] == ["IsProd", "RetainExceptOnCreate", "Delete"]
        assert "DeletionProtectionEnabled" not in resource["Properties"]


WATCHED = [
    {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    for name in ("UnexpectedErrors", "Crashes", "DeadLetters")
]


def test_a_rollout_watches_alarms_that_there_are(alarms):
    names = [alarm.get("AlarmName") for alarm in alarms.values()]
    for name in WATCHED:
        assert name in names


def test_a_flood_takes_no_version_back(alarms):
    """It ends in the API's 503, which Lambda's throttles make and no fault of a version."""
    for alarm in alarms.values():
        if alarm.get("AlarmName") in WATCHED:
            assert alarm["MetricName"] not in ("5xx", "Throttles", "Errors")


def test_in_prod_a_new_version_begins_with_a_tenth_and_errors_take_it_back():
    rolled_out = groups(processed(Environment="prod"))
    assert len(rolled_out) == len(FUNCTIONS)
    for group in rolled_out:
        properties = group["Properties"]
        assert "Canary10Percent5Minutes" in str(properties["DeploymentConfigName"])
        assert [one["Name"] for one in properties["AlarmConfiguration"]["Alarms"]] == WATCHED
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"Environment": "dev"},
        {"Environment": "local"},
        {"Environment": "prod", "Rollout": "instant"},
    ],
    ids=str,
)
def test_elsewhere_or_in_a_hurry_it_has_all_requests_at_once(parameters):
    assert groups(processed(**parameters)) == []


def test_callers_reach_a_version_that_a_rollout_can_take_back():
    api = processed()["Api"]["Properties"]["Body"]
    for path in api["paths"].values():
        for operation in path.values():
            assert "Aliaslive" in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]


def versions(layer):
    return {
        name
        for name, resource in processed(layer).items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


def test_a_new_layer_is_a_new_version_of_every_function():
    """Nearly all code is in the layer."""
    before, after = versions("s3://bucket/before"), versions("s3://bucket/after")
    assert len(before) == len(after) == len(FUNCTIONS)
    assert before.isdisjoint(after)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("", True),
        ("https://id.example.com/.well-known/jwks.json", True),
        ("http://127.0.0.1:3000/.well-known/jwks.json", True),
        ("http://id.example.com/.well-known/jwks.json", False),
        ("http://127.0.0.1.example.com:80/jwks.json", False),
        ("https:// id.example.com", False),
    ],
)
def test_the_keys_of_tokens_come_by_https_or_from_this_machine(url, taken):
    pattern = template()["Parameters"]["JwtJwksUrl"]["AllowedPattern"]
    assert bool(re.search(pattern, url)) is taken
