"""The template as a person wrote it, and the service that emits what the alarms watch."""

import json

import pytest

from tests.functions.conftest import (  # noqa: F401
    environment,
    programme,
    table,
    time_is,
)
from tests.template import template


@pytest.fixture(scope="session")
def resources():
    """The template's resources by their names in it."""
    return template()["Resources"]


@pytest.fixture(scope="session")
def alarms(resources):
    """The properties of every alarm by its name in the template."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


@pytest.fixture(scope="session")
def shown(resources):
    """Every metric on the dashboard: namespace, name, and dimensions as names and values."""
    (dashboard,) = (
        resource["Properties"]["DashboardBody"]["Fn::Sub"]
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudWatch::Dashboard"
    )
    return [
        tuple(part for part in metric if isinstance(part, str))
        for widget in json.loads(dashboard)["widgets"]
        for metric in widget["properties"].get("metrics", ())
    ]


@pytest.fixture
def emitted(capfd):
    """The metrics that functions have written since the last look, by name."""

    def read():
        written = {}
        for line in capfd.readouterr().out.splitlines():
            if line.startswith('{"_aws"'):
                document = json.loads(line)
                for directive in document["_aws"]["CloudWatchMetrics"]:
                    for metric in directive["Metrics"]:
                        written.setdefault(metric["Name"], []).append((directive, document))
        return written

    return read
