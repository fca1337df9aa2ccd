"""`make deploy`: what it sets, what it looks at before, and that every command shown is safe."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from referrals.rules.risk import RISK_RULES
from release import deploy, parameters
from release.failure import Failure
from release.room import refuse_without_room, reserved
from release.transformed import transformed, written
from tests.template import template

ROOT = Path(__file__).parents[2]
SHOWN = {
    name: (ROOT / name).read_text() for name in ("README.md", "docs/runbook.md", "samconfig.toml")
}
every_document = pytest.mark.parametrize("document", SHOWN)
NEW_ACCOUNT = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
STAGES = ("default", "prod")


class Account:
    """The clients of an account, as far as a deploy looks at it; `calls` are its changes."""

    def __init__(self, limit, stack=None):
        self.limit = limit
        self.stack = stack
        self.calls = []

    def __call__(self, service):
        return self

    def get_account_settings(self):
        return {"AccountLimit": self.limit}

    def describe_stacks(self, StackName):  # noqa: N803  AWS's own name
        if self.stack is None:
            raise deploy.ClientError(
                {"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}},
                "DescribeStacks",
            )
        return {"Stacks": [self.stack]}

    def describe_table(self, TableName):  # noqa: N803
        return {"Table": {"TableName": TableName}}

    def update_table(self, **changed):
        self.calls.append(changed)


def stack(**values):
    return {
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
        "Outputs": [{"OutputKey": "TableName", "OutputValue": "the-table"}],
    }


@pytest.fixture
def sam(monkeypatch):
    """What the SAM CLI was asked to do."""
    asked = []
    monkeypatch.setattr(deploy, "_sam", lambda *arguments: asked.append(arguments))
    return asked


def test_what_is_given_joins_the_stages_own_list():
    chosen = parameters.merged(
        parameters.stage("prod").parameters, {"Rollout": "instant"}, template()
    )
    assert chosen["Environment"] == "prod"
    assert chosen["Rollout"] == "instant"


def test_values_may_hold_spaces():
    given = parameters.parsed('RecoverySchedule="rate(5 minutes)" AlarmEmail=a@example.com')
    assert given == {"RecoverySchedule": "rate(5 minutes)", "AlarmEmail": "a@example.com"}


@pytest.mark.parametrize("text", ["Rollout", "=instant", "--force", "Rollout instant"])
def test_what_is_no_parameter_is_refused(text):
    with pytest.raises(Failure, match="Name=Value"):
        parameters.parsed(text)


def test_a_mistyped_name_is_refused():
    with pytest.raises(Failure, match="RollOut"):
        parameters.merged({}, {"RollOut": "instant"}, template())


def test_a_deploy_sends_the_whole_list(sam):
    account = Account(
        {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}, stack()
    )
    deploy.deploy(parameters.stage("prod"), {"Rollout": "instant"}, account)
    assert [words[0] for words in sam] == ["build", "deploy"]
    assert {'Environment="prod"', 'Rollout="instant"', 'LogRetentionDays="90"'} <= set(sam[1])


def test_prods_table_is_protected_once_it_stands(sam):
    account = Account(NEW_ACCOUNT, stack(ReserveConcurrency="true", ClickConcurrency="50"))
    deploy.deploy(parameters.stage("prod"), {}, account)
    assert account.calls == [{"TableName": "the-table", "DeletionProtectionEnabled": True}]


def test_an_instant_rollout_is_over_with_the_next_deploy():
    """The stack keeps what was given until another is given, so the list gives it each time."""
    assert parameters.stage("prod").parameters["Rollout"] == "usual"


def test_what_an_earlier_deploy_was_given_stays_and_is_shown(sam, capsys):
    account = Account(NEW_ACCOUNT, stack(AlarmEmail="ops@example.com"))
    deploy.deploy(parameters.stage("default"), {}, account)
    assert "AlarmEmail=ops@example.com  (given to an earlier deploy)" in capsys.readouterr().out
    assert not any("AlarmEmail" in word for word in sam[1])


@pytest.mark.parametrize(
    ("earlier", "given", "architecture"),
    [
        ({}, {}, "arm64"),
        ({}, {"Architecture": "x86_64"}, "x86_64"),
        ({"Architecture": "x86_64"}, {}, "x86_64"),
        ({"Architecture": "x86_64"}, {"Architecture": "arm64"}, "arm64"),
    ],
)
def test_the_layer_is_built_for_the_processor_of_the_functions(sam, earlier, given, architecture):
    account = Account(NEW_ACCOUNT, stack(**earlier))
    deploy.deploy(parameters.stage("default"), given, account)
    assert sam[0] == ("build", "--parameter-overrides", f"Architecture={architecture}")


def test_a_new_account_hears_what_it_lacks_before_anything_begins(sam):
    with pytest.raises(Failure, match="ReserveConcurrency=false"):
        deploy.deploy(parameters.stage("prod"), {}, Account(NEW_ACCOUNT))
    assert sam == []


@pytest.mark.parametrize("stage", STAGES)
def test_without_reserved_concurrency_a_new_account_takes_every_stage(stage, sam):
    account = Account(NEW_ACCOUNT)
    account.describe_stacks_after = stack()
    given = {"ReserveConcurrency": "false", "Environment": "dev"}
    deploy.deploy(parameters.stage(stage), given, account)
    assert len(sam) == 2


def test_what_the_stack_reserves_already_is_not_asked_for_again():
    standing = {"ReserveConcurrency": "true", "ClickConcurrency": "50"}
    account = Account({"ConcurrentExecutions": 160, "UnreservedConcurrentExecutions": 107})
    refuse_without_room(account, template(), standing, standing)
    with pytest.raises(Failure, match="reserves 40 "):
        refuse_without_room(account, template(), standing, standing | {"ClickConcurrency": "70"})


def test_the_quota_that_prod_wants_is_the_one_that_is_told():
    wanted = parameters.in_force(template(), {}, parameters.stage("prod").parameters)
    least = 100 + reserved(template(), wanted)
    assert f"{least} or more" in SHOWN["samconfig.toml"]
    assert f"{least} or more" in template()["Parameters"]["ReserveConcurrency"]["Description"]


def test_the_region_is_the_profiles_or_the_one_that_is_asked_for(monkeypatch):
    """Not the one that our own tests happen to use."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    shown = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--eval",
            "shown: ; @echo [$$AWS_DEFAULT_REGION]",
            "shown",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "[]"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("PARAMS", "")
    monkeypatch.setattr(deploy.sys, "argv", ["deploy", "default"])
    regions = []
    monkeypatch.setattr(
        deploy, "deploy", lambda *_: regions.append(deploy.os.environ["AWS_DEFAULT_REGION"])
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert deploy.main() == 0
    assert regions == ["eu-central-1"]


@every_document
def test_no_deploy_that_is_shown_replaces_a_stages_list(document):
    for line in SHOWN[document].splitlines():
        assert not re.search(r"\bdeploy\b.*--parameter-overrides", line)


@every_document
def test_every_deploy_that_is_shown_builds_first(document):
    """Without a build no function gets a new version, and the old rules stay in force."""
    for before in re.findall(r"(.{0,13})\bsam deploy\b", SHOWN[document]):
        assert before.endswith("sam build && ")


@every_document
def test_every_deploy_that_is_shown_names_what_there_is(document):
    text = SHOWN[document]
    for stage in re.findall(r"(?:--config-env |STAGE=)(\w+)", text):
        assert stage in STAGES
    for given in re.findall(r'PARAMS="([^"…]*)"', text):
        parameters.merged({}, parameters.parsed(given), template())


@every_document
def test_every_make_that_is_shown_is_a_target(document):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"(?:`|^|# )make ([a-z-]+)", SHOWN[document], re.MULTILINE):
        assert target in targets


@every_document
def test_every_function_and_output_that_is_shown_is_in_the_template(document):
    for function in re.findall(r"sam remote invoke (\w+)", SHOWN[document]):
        assert function in template()["Resources"]
    for output in re.findall(r"\$\(output (\w+)\)", SHOWN[document]):
        assert output in template()["Outputs"]


def test_no_stage_builds_from_a_cache():
    """A layer from the cache has the stamp of an earlier build."""
    stages = tomllib.loads(SHOWN["samconfig.toml"])
    for stage in STAGES:
        assert not stages[stage]["build"]["parameters"].get("cached")


PARAMETERS = dict(
    re.findall(r"^\| `(\w+)` \| (.+?) \| .{20,} \|$", SHOWN["README.md"], re.MULTILINE)
)


def test_every_parameter_stands_in_the_readme_once_with_its_default_and_what_follows():
    assert PARAMETERS.keys() == template()["Parameters"].keys()
    for name, shown in PARAMETERS.items():
        assert len(re.findall(rf"^\| `{name}` \|", SHOWN["README.md"], re.MULTILINE)) == 1
        default = str(template()["Parameters"][name]["Default"])
        if name == "RiskRules":
            assert default == ",".join(RISK_RULES)
            assert (shown, len(RISK_RULES)) == ("all six", 6)
        else:
            assert shown == (f"`{default}`" if default else "empty")


def test_every_parameter_has_a_consequence_in_what_cloudformation_gets():
    """In one of the environments, once SAM has read the template."""
    made = {name: transformed(written(), {"Environment": name}) for name in ("dev", "prod")}
    for parameter in template()["Parameters"]:
        if parameter == "Rollout":
            instant = transformed(written(), {"Environment": "prod", "Rollout": "instant"})
            assert instant["Resources"].keys() != made["prod"]["Resources"].keys()
        else:
            named = json.dumps([made["dev"]["Resources"], made["dev"]["Conditions"]])
            assert re.search(rf'"Ref": "{parameter}"|\$\{{{parameter}\}}', named), parameter


def test_what_the_readme_says_of_the_stages_is_what_they_do():
    default, prod = parameters.stage("default"), parameters.stage("prod")
    assert (default.stack, prod.stack) == ("referrals-dev", "referrals")
    assert default.parameters["ReserveConcurrency"] == "false"
    assert prod.parameters["LogRetentionDays"] == "90"
    for output in ("StripeSecretArn", "ApiUrl"):
        assert f"<{output}>" in SHOWN["README.md"]
        assert output in template()["Outputs"]
