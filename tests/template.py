"""template.yaml, as a person wrote it and as CloudFormation gets it."""

from functools import cache
from typing import Any

from release.transformed import transformed, written


@cache
def template() -> dict[str, Any]:
    """The template as written, with CloudFormation's functions as plain mappings."""
    return written()


def processed(layer: str = "s3://bucket/layer", **parameters: str) -> dict[str, Any]:
    """The resources that CloudFormation would make, once SAM has packed and read the template."""
    resources: dict[str, Any] = transformed(template(), parameters, layer=layer)["Resources"]
    return resources
