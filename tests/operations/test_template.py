"""What the template promises of every function: how it is seen, what it may do, how it is rolled
out."""

import re

import pytest

from tests.template import processed, template

GLOBALS = template()["Globals"]["Function"]
FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
every_function = pytest.mark.parametrize("function", FUNCTIONS)


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
    assert scheduled == 7


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
    # The console's files must be of one version, so it changes at once: it touches no referral.
    assert len(rolled_out) == len(FUNCTIONS) - 1
    assert not any("ServeConsole" in str(group) for group in rolled_out)
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
