"""`make lint` sees what only SAM's transform of the template shows."""

from copy import deepcopy

import pytest

from release.check import findings, settings
from release.transformed import written
from tests.template import template


@pytest.fixture
def circular():
    """The template with the fault that hid behind SAM: an alarm that a rollout refers to."""
    planted = deepcopy(template())
    rollout = planted["Globals"]["Function"]["DeploymentPreference"]
    rollout["Alarms"] = [{"Ref": "ApiErrorsAlarm"}]
    return planted


def test_a_circle_that_only_prod_has_is_found(circular):
    # The first of each environment is the one in which no switch is turned.
    usual = {one["Environment"]: one for one in reversed(list(settings(circular)))}
    found = findings(circular, usual.values())
    assert any("prod" in one and "E3004" in one and "ApiErrorsAlarm" in one for one in found)
    assert not any('"Environment": "dev"' in one for one in found)


def test_every_environment_is_looked_at_with_both_values_of_every_switch():
    looked_at = list(settings(written()))
    for environment in ("dev", "prod", "local"):
        here = [one for one in looked_at if one["Environment"] == environment]
        for switch in here[0]:
            assert switch == "Environment" or len({one[switch] for one in here}) == 2
    assert {"Rollout", "ReserveConcurrency", "AlarmEmail"} <= looked_at[0].keys()
