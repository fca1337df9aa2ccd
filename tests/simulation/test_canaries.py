"""Each wrong variant is found soon, and made small enough to be understood."""

from itertools import count, islice

import pytest

from tests.iam import guard
from tests.simulation.canaries import CANARIES, SHOWN_BY
from tests.simulation.drawing import drawn
from tests.simulation.history import run
from tests.simulation.shrinking import shrunk

HISTORIES = 60


@pytest.fixture(autouse=True)
def _unguarded(monkeypatch):
    """No role allows some of what they do: what is looked for here is what comes of it."""
    monkeypatch.setattr(guard, "dynamodb", lambda *_: None)


@pytest.mark.parametrize("name", CANARIES)
def test_the_simulation_catches(name):
    could_show = SHOWN_BY.get(name, lambda history: True)
    histories = filter(could_show, map(drawn, count()))
    with CANARIES[name]():
        assert any(run(history).violations for history in islice(histories, HISTORIES))


def test_a_failure_shrinks_to_what_causes_it():
    with CANARIES["dedupe by event id"]():
        failed = next(
            result for seed in range(HISTORIES) if (result := run(drawn(seed))).violations
        )
        small = shrunk(failed)
        assert small.violations
        assert len(small.history.acts) < len(failed.history.acts)
        assert small.world.struck().total() < failed.world.struck().total() / 2
