"""`sam build` and `sam deploy` of the real template, and what the emulator leaves out of it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from local import sam
from local.emulator import Clients
from local.environment import LOCAL, ROOT
from local.failure import Failure

BUILDS = LOCAL / "builds"
STACK_NAME = "referrals"


def build(log: Path, architecture: str | None = None) -> Path:
    """The directory of a build of the sources as they are now; made only if it is not there.

    For Lambda on an architecture, or else for the emulator, which has what the layer imports.
    """
    BUILDS.mkdir(parents=True, exist_ok=True)
    target = BUILDS / (architecture or "emulator")
    complete, digest = target / "complete", _digest()
    with (BUILDS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text() != digest:
            build_into(target, log, architecture)
            complete.write_text(digest)
    return target


def build_into(target: Path, log: Path, architecture: str | None = None) -> None:
    """`sam build` of the sources, whatever is in the directory already."""
    options = ("--parameter-overrides", f"Architecture={architecture}")
    sam.run(
        *("build", "--build-dir", str(target), *(options if architecture else ())),
        log=log,
        environment={"LAYER_PLATFORM": "lambda" if architecture else "installed"},
    )


def deploy(built: Path, endpoint: str, parameters: Mapping[str, str], log: Path) -> None:
    overrides = [f"{name}='{value}'" for name, value in parameters.items()]
    sam.run(
        "deploy",
        *("--template-file", str(built / "template.yaml"), "--stack-name", STACK_NAME),
        *(
            "--capabilities",
            "CAPABILITY_IAM",
            "--resolve-s3",
            "--no-confirm-changeset",
            "--no-progressbar",
        ),
        *("--parameter-overrides", *overrides),
        log=log,
        # SAM asks the stack for news this often.
        environment={"AWS_ENDPOINT_URL": endpoint, "SAM_CLI_POLL_DELAY": "0.2"},
    )


def resources(client: Clients) -> dict[str, str]:
    """Physical name of each resource of the stack, by its name in the template."""
    pages = (
        client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=STACK_NAME)
    )
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }


def variables(client: Clients, names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The environment of each function of the stack, by its name in the template."""
    functions = {name for name in names if name.endswith("Function")}
    return {
        function: client("lambda").get_function_configuration(FunctionName=names[function])[
            "Environment"
        ]["Variables"]
        for function in sorted(functions)
    }


def template() -> dict[str, Any]:
    """template.yaml as it is written, CloudFormation's functions as plain mappings."""
    found: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return found


def function_resource(directory: str) -> str:
    """The name in the template of functions/<directory>."""
    return "".join(word.capitalize() for word in directory.split("_")) + "Function"


def invoke(client: Clients, function: str, payload: Mapping[str, Any]) -> Any:
    """What a deployed function answers, called as `sam remote invoke` calls it."""
    answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    result = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        told = " ".join(str(result.get("errorMessage", result)).split())
        raise Failure(f"{function} failed: {told}")
    return result


def create_routes(client: Clients, names: Mapping[str, str]) -> None:
    """MiniStack makes the HTTP API of the template but not the routes its definition holds."""
    template = client("cloudformation").get_template(
        StackName=STACK_NAME, TemplateStage="Processed"
    )["TemplateBody"]
    if isinstance(template, str):
        template = json.loads(template)
    api, gateway = names["Api"], client("apigatewayv2")
    for key, alias in _routes(template):
        integration = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=names[alias],
            PayloadFormatVersion="2.0",
        )
        gateway.create_route(
            ApiId=api, RouteKey=key, Target=f"integrations/{integration['IntegrationId']}"
        )


def _routes(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, operations in template["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in operations.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            alias = re.search(r"\$\{(\w+Alias\w+)\}", uri)
            if alias is None:
                raise Failure(f"template.yaml: {method} {path} leads to no function")
            yield f"{method.upper()} {path}", alias[1]


def _digest() -> str:
    """Changes when anything does that a build is made of."""
    digest = hashlib.sha256(sys.version.encode())
    for source in sorted(_sources()):
        digest.update(str(source.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield ROOT / "template.yaml"
    for top in ("functions", "layers"):
        for path in (ROOT / top).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
