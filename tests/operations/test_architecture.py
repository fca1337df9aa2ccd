"""What the functions run on and what the layer is built for are one decision."""

import subprocess
from pathlib import Path

import pytest

from tests.template import template

LAYER = Path(__file__).parent.parent.parent / "layers" / "referrals"
ARCHITECTURES = template()["Parameters"]["Architecture"]["AllowedValues"]
CHOSEN = {"Ref": "Architecture"}


def test_functions_and_layer_follow_one_parameter_and_run_on_arm_unless_told():
    layer = template()["Resources"]["ReferralsLayer"]
    assert template()["Globals"]["Function"]["Architectures"] == [CHOSEN]
    assert layer["Properties"]["CompatibleArchitectures"] == [CHOSEN]
    assert layer["Metadata"]["BuildArchitecture"] == CHOSEN
    assert template()["Parameters"]["Architecture"]["Default"] == "arm64"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_layer_takes_wheels_for_its_architecture_alone(architecture):
    where = template()["Resources"]["ReferralsLayer"]["Metadata"]["ContextPath"]["Fn::Sub"]
    makefile = LAYER.parent.parent / where.replace("${Architecture}", architecture) / "Makefile"
    said = subprocess.run(
        ["make", "--dry-run", "--makefile", makefile, "build-ReferralsLayer", "ARTIFACTS_DIR=/to"],
        cwd=LAYER,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (install,) = (line for line in said.splitlines() if "pip install" in line)
    platforms = [word for word in install.split() if word.startswith("manylinux")]
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    assert platforms
    assert all(platform.endswith(f"_{machine}") for platform in platforms)
