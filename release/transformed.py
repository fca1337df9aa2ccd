"""The template as CloudFormation gets it: packed by SAM, and read by SAM's own transform."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

TEMPLATE = Path(__file__).parent.parent / "template.yaml"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
Template = dict[str, Any]


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def written() -> Template:
    """The template as it is written, with CloudFormation's functions as plain mappings."""
    template: Template = yaml_parse(TEMPLATE.read_text())
    return template


def transformed(
    template: Template, parameters: Mapping[str, str], *, layer: str = "s3://bucket/layer"
) -> Template:
    """What SAM makes of a template for these parameters; the others have their defaults.

    SAM wants a region in the environment, for the partition that an ARN begins with.
    """
    packed = deepcopy(template)
    for resource in packed["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/function"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = layer
    made: Template = transform(packed, dict(parameters), _NoManagedPolicies())
    # SAM takes its own name and this one with it; deletion policies still need this one.
    return {**made, "Transform": LANGUAGE_EXTENSIONS}
