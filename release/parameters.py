"""What a deploy sets: samconfig.toml's list, with what was given for this once in its place.

SAM itself would take `--parameter-overrides` instead of the whole list, Environment and all.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release.failure import Failure
from release.transformed import Template

SAMCONFIG = Path(__file__).parent.parent / "samconfig.toml"
Parameters = dict[str, str]


@dataclass(frozen=True)
class Stage:
    """A stage of samconfig.toml."""

    name: str
    stack: str
    parameters: Parameters


def stage(name: str) -> Stage:
    """The stage by its name. Failure where samconfig.toml has none of the kind."""
    stages = tomllib.loads(SAMCONFIG.read_text())
    stages.pop("version")
    if name not in stages:
        raise Failure(f"samconfig.toml has no stage {name}, but {' and '.join(stages)}")
    written = stages[name]["deploy"]["parameters"]["parameter_overrides"]
    return Stage(name, stages[name]["global"]["parameters"]["stack_name"], parsed(written))


def parsed(text: str) -> Parameters:
    """`Name=Value Other="with spaces"` by name. Failure where a name or a value is missing."""
    words = shlex.split(text)
    for word in words:
        if not word.partition("=")[0].isalnum() or "=" not in word:
            raise Failure(f"PARAMS wants Name=Value, not {word}")
    return dict(word.split("=", 1) for word in words)


def merged(usual: Mapping[str, str], given: Mapping[str, str], template: Template) -> Parameters:
    """The stage's own list with what was given. Failure where the template has no such name."""
    unknown = given.keys() - template["Parameters"].keys()
    if unknown:
        raise Failure(f"template.yaml has no parameter {', '.join(sorted(unknown))}")
    return {**usual, **given}


def in_force(
    template: Template, earlier: Mapping[str, str], chosen: Mapping[str, str]
) -> Parameters:
    """What each parameter will be: chosen now, else as the stack has it, else the default."""
    return {
        name: chosen.get(name, earlier.get(name, str(parameter["Default"])))
        for name, parameter in template["Parameters"].items()
    }
