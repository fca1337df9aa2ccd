"""template.yaml, as a person wrote it and as CloudFormation gets it."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

TEMPLATE = Path(__file__).parent.parent / "template.yaml"


@cache
def template() -> dict[str, Any]:
    """The template as written, with CloudFormation's functions as plain mappings."""
    return yaml_parse(TEMPLATE.read_text())


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def processed(layer: str = "s3://bucket/layer", **parameters: str) -> dict[str, Any]:
    """The resources that CloudFormation would make, once SAM has packed and read the template."""
    packed = deepcopy(template())
    for resource in packed["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/function"
    packed["Resources"]["ReferralsLayer"]["Properties"]["ContentUri"] = layer
    resources: dict[str, Any] = transform(packed, parameters, _NoManagedPolicies())["Resources"]
    return resources
