"""What each function's role may do, by the policies that SAM makes of the template.

MiniStack's evaluator reads and weighs them: explicit deny, then allow, else denied.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath
from typing import Any, NamedTuple

from ministack.core.iam_evaluator import ParsedStatement, parse_policy_document

from tests.template import processed, template

ACCOUNT, REGION = "123456789012", "us-east-1"
KEYS = "dynamodb:LeadingKeys"
ATTRIBUTES = "dynamodb:Attributes"
# SAM's name for the alias that callers reach a function by.
ALIAS = "Aliaslive"
_OURS = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
# What functions ask for themselves; the rest Lambda asks for on their behalf.
ASKED_FOR = ("dynamodb:", "events:", "lambda:", "secretsmanager:")
# By name, for the names of the stream's actions are the table's.
ON_THEIR_BEHALF = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams", "SendMessage")


class Permission(NamedTuple):
    """The smallest thing that a statement allows: one action on keys of one form.

    `keys` is None where the statement is bound to no key. An attribute that an action may name
    is a permission of its own; None stands for the action itself.
    """

    function: str
    sid: str
    action: str
    resource: str
    keys: str | None
    attribute: str | None = None


def arn(name: str) -> str:
    """The ARN of a resource of the template."""
    if name.endswith(ALIAS):
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name.removesuffix(ALIAS)}:live"
    kind = template()["Resources"][name]["Type"]
    if kind == "AWS::DynamoDB::Table":
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    if kind == "AWS::SecretsManager::Secret":
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-a1B2c3"
    return f"arn:aws:{kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{name}"


@cache
def policies() -> dict[str, list[dict[str, Any]]]:
    """By the folder of each function the documents of its role, its shared policies' first."""
    made, found = processed(Environment="prod"), {}
    for name, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            role = made[made[name]["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
            found[folder(name)] = list(map(resolved, _documents(role, made)))
    return found


def folder(function: str) -> str:
    """The folder under functions/ of a function of the template."""
    return PurePath(template()["Resources"][function]["Properties"]["CodeUri"]).name


def _documents(role: dict[str, Any], made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for managed in role["ManagedPolicyArns"]:
        if "Ref" in managed:
            yield made[managed["Ref"]]["Properties"]["PolicyDocument"]
    for inline in role.get("Policies", ()):
        yield inline["PolicyDocument"]


def resolved(value: Any) -> Any:
    """The value with the ARNs that CloudFormation would put there."""
    match value:
        case {"Fn::GetAtt": [str(name), "Value"]}:
            _, made_here, _ = template()["Resources"][name]["Properties"]["Value"]["Fn::If"]
            return resolved(made_here)
        case {"Fn::GetAtt": [str(name), "Arn" | "Id"]} | {"Ref": str(name)}:
            return arn(name)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _named(found[1]), text)
        case dict():
            return {key: resolved(inner) for key, inner in value.items()}
        case list():
            return [resolved(_on(inner)) for inner in value]
    return value


def _on(value: Any) -> Any:
    """What a switch adds is weighed as though it were on."""
    match value:
        case {"Fn::If": [str(), meant, {"Ref": "AWS::NoValue"}]}:
            return meant
    return value


def actions(document: dict[str, Any]) -> list[str]:
    """The actions that a policy speaks of."""
    return [action for one in parse_policy_document(document) for action in one.actions]


def _named(name: str) -> str:
    """What a name within a text stands for; a parameter for itself."""
    resource, _, attribute = name.partition(".")
    if attribute:
        return str(resolved({"Fn::GetAtt": [resource, attribute]}))
    return _OURS.get(name, name)


@cache
def shared(policy: str | None = None) -> frozenset[str]:
    """The statements of policies that several functions share, or of one of these."""
    documents = (
        resource["Properties"]["PolicyDocument"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and policy in (None, name)
    )
    return frozenset(one["Sid"] for document in documents for one in document["Statement"])


@cache
def statements(function: str) -> list[ParsedStatement]:
    """What the role of functions/<function> may do itself."""
    return [
        statement
        for document in policies()[function]
        for statement in parse_policy_document(document)
        if any(map(is_asked_for, statement.actions))
    ]


def is_asked_for(action: str) -> bool:
    """Whether functions ask for an action themselves."""
    return action.startswith(ASKED_FOR) and action.split(":")[1] not in ON_THEIR_BEHALF


def bound_to(statement: ParsedStatement, key: str) -> list[str] | None:
    """The values that a statement's conditions leave a key; None where they do not speak of it."""
    found = [block[key] for block in statement.conditions.values() if key in block]
    if not found:
        return None
    (values,) = found
    return [values] if isinstance(values, str) else list(values)


def permissions(function: str) -> set[Permission]:
    """All that the role of functions/<function> may do."""
    return {
        Permission(function, one.sid, action, resource, keys, attribute)
        for one in statements(function)
        for action in one.actions
        for resource in one.resources
        for keys in bound_to(one, KEYS) or [None]
        for attribute in [None, *(bound_to(one, ATTRIBUTES) or [])]
    }
