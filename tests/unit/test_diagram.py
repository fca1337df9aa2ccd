"""The README's picture of a referral's life is the transition table."""

import re
from pathlib import Path

from referrals.rules.attribution import TRANSITIONS

README = Path(__file__).parents[2] / "README.md"


def drawn() -> set[tuple[str, str]]:
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", README.read_text(), re.DOTALL)
    return set(re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE))


def test_the_diagram_in_the_readme_shows_exactly_the_transitions_of_the_code():
    allowed = {(step.value, to.value) for step, many in TRANSITIONS.items() for to in many}

    assert drawn() == allowed
