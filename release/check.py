"""`make lint`: SAM's transform for every environment and switch, each result through cfn-lint.

What is only there once SAM has read the template, as the aliases with their deployment groups,
no check of the template as it is written can see.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.rules import Match

from release.transformed import Template, transformed, written

# For a switch that is on when it is not empty.
ANYTHING = "anything"
Parameters = dict[str, str]


def main() -> int:
    template = written()
    found = findings(template, settings(template))
    for finding in found:
        print(finding, file=sys.stderr)
    return 1 if found else 0


def findings(template: Template, wanted: Iterable[Parameters]) -> list[str]:
    """What cfn-lint, with no rule left out, has against what SAM makes; each said once."""
    cases: dict[str, Parameters] = {}
    for parameters in wanted:
        made = json.dumps(transformed(template, parameters), sort_keys=True)
        cases.setdefault(made, parameters)
    return [
        f"{json.dumps(parameters)}: {_sentence(match)}"
        for made, parameters in cases.items()
        for match in lint(made, config=ManualArgs(regions=["us-east-1"]))
    ]


def settings(template: Template) -> Iterator[Parameters]:
    """Every environment with each switch turned alone, and with all of them turned."""
    switches = _switches(template)
    environments = switches.pop("Environment")
    defaults = {name: str(template["Parameters"][name]["Default"]) for name in switches}
    turned = {
        name: next(value for value in values if value != defaults[name])
        for name, values in switches.items()
    }
    for environment in environments:
        usual = {"Environment": environment, **defaults}
        yield usual
        for name, value in turned.items():
            yield {**usual, name: value}
        yield {**usual, **turned}


def _switches(template: Template) -> dict[str, list[str]]:
    """The values of each parameter that decides what there is, and not only how it is set."""
    looked_up = [*_named("Fn::FindInMap", template)]
    deciding = {*_named("Ref", template["Conditions"]), *_named("Ref", looked_up)}
    return {
        name: parameter.get("AllowedValues") or ["", ANYTHING]
        for name, parameter in template["Parameters"].items()
        if name in deciding
    }


def _named(function: str, value: Any) -> Iterator[Any]:
    """The arguments of every call of a function, wherever it is."""
    if isinstance(value, Mapping):
        if function in value:
            yield value[function]
        for inner in value.values():
            yield from _named(function, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(function, inner)


def _sentence(match: Match) -> str:
    place = "/".join(str(part) for part in getattr(match, "path", None) or ())
    return f"{match.rule.id} {place}: {match.message}"


if __name__ == "__main__":
    sys.exit(main())
