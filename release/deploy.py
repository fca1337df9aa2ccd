"""`make deploy`: whether the account can take the stack, `sam build`, `sam deploy`.

STAGE names a stage of samconfig.toml; PARAMS="Name=Value …" is for what differs from its list.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from release import parameters
from release.failure import Failure
from release.parameters import Parameters, Stage
from release.room import refuse_without_room
from release.transformed import Template, written

Client = Callable[[str], Any]


def main() -> int:
    # The SDKs of other languages know it; the one that SAM is made with does not.
    if "AWS_REGION" in os.environ:
        os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]
    try:
        given = parameters.parsed(os.environ.get("PARAMS", ""))
        deploy(parameters.stage(sys.argv[1]), given, _client)
    except Failure as failure:
        print(f"make deploy: {failure}", file=sys.stderr)
        return 1
    return 0


def deploy(stage: Stage, given: Parameters, client: Client) -> None:
    """Build and deploy the stage. Failure before anything is changed, or where SAM fails."""
    template = written()
    chosen = parameters.merged(stage.parameters, given, template)
    try:
        earlier = deployed(client("cloudformation"), stage.stack)
        wanted = parameters.in_force(template, earlier or {}, chosen)
        refuse_without_room(client("lambda"), template, earlier, wanted)
    except (BotoCoreError, ClientError) as error:
        # SAM says better what is wrong with credentials or a region.
        print(f"could not look at the account first: {error}", file=sys.stderr)
        earlier, wanted = None, parameters.in_force(template, {}, chosen)
    tell(template, wanted, chosen, given)
    # The layer is of the processor that the functions will have, asked for now or long ago.
    _sam("build", "--parameter-overrides", f"Architecture={wanted['Architecture']}")
    overrides = [f'{name}="{value}"' for name, value in chosen.items()]
    _sam("deploy", "--config-env", stage.name, "--parameter-overrides", *overrides)
    if wanted["Environment"] == "prod":
        protect_table(client, stage.stack)


def deployed(cloudformation: Any, stack: str) -> Parameters | None:
    """The parameters that the stack has; None where there is no such stack."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}


def tell(template: Template, wanted: Parameters, chosen: Parameters, given: Parameters) -> None:
    """Show every parameter that is not its default, and where it comes from."""
    for name, value in wanted.items():
        if name in given:
            print(f"  {name}={value}  (given now, and kept until another is given)")
        elif name in chosen:
            print(f"  {name}={value}  (samconfig.toml)")
        elif value != str(template["Parameters"][name]["Default"]):
            print(f"  {name}={value}  (given to an earlier deploy)")


def protect_table(client: Client, stack: str) -> None:
    """No hand deletes the table by mistake: set here, for a failed first deploy must be able to."""
    (found,) = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
    dynamodb, name = client("dynamodb"), outputs["TableName"]
    if not dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)


def _client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def _sam(*arguments: str) -> None:
    program = Path(sys.executable).parent / "sam"
    if subprocess.run([program, *arguments], check=False).returncode != 0:
        raise Failure(f"sam {arguments[0]} failed")


if __name__ == "__main__":
    sys.exit(main())
