"""Every clause of every condition is needed: without it, some scenario fails."""

import ast
from functools import cache
from pathlib import Path

import pytest

from referrals.store import metering
from tests.proof import (  # noqa: F401 - they add theirs
    click_scenarios,
    erasure_scenarios,
    fold_scenarios,
    metering_scenarios,
    webhook_scenarios,
)
from tests.proof.conditions import Clause
from tests.proof.scenarios import SCENARIOS
from tests.proof.stage import Stage
from tests.simulation.emulator import Emulator

PACKAGE = Path(__file__).parent.parent.parent / "layers/referrals/python/referrals"


@cache
def _emulator() -> Emulator:
    return Emulator()


def _played(name: str, mutant: Clause | None = None) -> tuple[Stage, BaseException | None]:
    """The stage after a scenario, and how the scenario failed, if it did."""
    _emulator().restore({})
    metering._seen.clear()
    stage = Stage(_emulator(), mutant=mutant)
    try:
        SCENARIOS[name](stage)
    except (Exception, pytest.fail.Exception) as failure:
        return stage, failure
    return stage, None


@cache
def _clauses() -> dict[Clause, list[str]]:
    """Every clause that the scenarios meet, and in which of them."""
    met: dict[Clause, list[str]] = {}
    for name in SCENARIOS:
        stage, _ = _played(name)
        for clause in stage.clauses:
            met.setdefault(clause, []).append(name)
    return met


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_all_conditions(name):
    stage, failure = _played(name)
    assert stage.waiting == []
    if failure is not None:
        raise failure


def test_without_any_clause_some_scenario_fails():
    survivors = []
    for clause, scenarios in sorted(_clauses().items(), key=str):
        killers = (name for name in scenarios if _played(name, clause)[1] is not None)
        killer = next(killers, None)
        print(f"{'SURVIVES' if killer is None else 'killed  '} {clause}  <- {killer}")
        if killer is None:
            survivors.append(str(clause))
    assert survivors == []


def test_no_condition_is_left_out():
    met = {clause.text for clause in _clauses()}
    for module in PACKAGE.glob("*/*.py"):
        for condition in _written_conditions(module):
            assert condition in met, f"{module.name}: {condition}"


def _written_conditions(module: Path) -> list[str]:
    """Conditions that stand in the source as they are sent."""
    from tests.proof.conditions import _plain

    return [
        _plain(word.value.value)
        for call in ast.walk(ast.parse(module.read_text()))
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg in ("unless", "condition")
        and isinstance(word.value, ast.Constant)
        and isinstance(word.value.value, str)
    ]
