"""`sam build` and `sam deploy` of the real template, and what the emulator leaves out of it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.emulator import CREDENTIALS, Clients
from local.environment import LOCAL, ROOT
from local.failure import Failure

BUILDS = LOCAL / "builds"
STACK_NAME = "referrals"


def build(log: Path) -> Path:
    """The directory of a build of the sources as they are now; made only if it is not there."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target = BUILDS / _digest()
        if not (target / "complete").exists():
            for outdated in BUILDS.iterdir():
                if outdated.is_dir():
                    shutil.rmtree(outdated)
            _sam(
                "build",
                "--build-dir",
                str(target),
                log=log,
                environment={"LAYER_PLATFORM": "installed"},
            )
            (target / "complete").touch()
        return target


def deploy(built: Path, endpoint: str, parameters: Mapping[str, str], log: Path) -> None:
    overrides = [f"{name}='{value}'" for name, value in parameters.items()]
    _sam(
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


def _sam(*arguments: str, log: Path, environment: Mapping[str, str]) -> None:
    """Runs the SAM CLI of this very interpreter's environment."""
    programs = Path(sys.executable).parent
    path = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    sam, make = shutil.which("sam", path=path), shutil.which("make", path=path)
    if sam is None or make is None:
        raise Failure(f"{'make' if sam else 'the SAM CLI'} is not installed")
    with log.open("ab") as output:
        finished = subprocess.run(
            [sam, *arguments],
            cwd=ROOT,
            env={
                **{
                    name: value for name, value in os.environ.items() if not name.startswith("AWS_")
                },
                "PATH": path,
                "SAM_CLI_TELEMETRY": "0",
                **CREDENTIALS,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if finished.returncode != 0:
        raise Failure(f"sam {arguments[0]} failed: {_last_line(log)} (all of it is in {log})")


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")
