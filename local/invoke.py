"""`make invoke FUNCTION=CaptureClick`: one function with its event, on the running local stack.

As `sam local invoke` runs it, in a container; or, where there is no Docker and with VIA=remote,
as `sam remote invoke` calls the one that is deployed here.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError
from docker import DockerClient

from local import deployment, sam
from local.bridge import bridge, engine
from local.environment import HOST, LOCAL, ROOT, SAM_FILE, read
from local.events import fill
from local.failure import Failure


def main(arguments: list[str] | None = None, directory: Path = LOCAL) -> int:
    parser = argparse.ArgumentParser(description="Invoke a function with its event.")
    parser.add_argument("function", nargs="?")
    parser.add_argument("--event", type=Path)
    parser.add_argument("--via", choices=("local", "remote"))
    given = parser.parse_args(arguments)
    examples = {
        deployment.function_resource(handler.parent.name): f"{handler.parent.name}.json"
        for handler in sorted((ROOT / "functions").glob("*/handler.py"))
    }
    resource = (given.function or "").removesuffix("Function") + "Function"
    if resource not in examples:
        print("FUNCTION=… is one of", *(name.removesuffix("Function") for name in examples))
        return 2
    try:
        example = given.event or ROOT / "events" / examples[resource]
        return show(invoke(resource, example, given.via, directory))
    except (BotoCoreError, urllib.error.URLError):
        print("make invoke: the local stack is not running: make run", file=sys.stderr)
    except (Failure, FileNotFoundError) as failure:
        print(f"make invoke: {failure}", file=sys.stderr)
    return 1


def invoke(resource: str, example: Path, via: str | None, directory: Path) -> Any:
    """What the function answers to the example, filled for the stack of the directory."""
    stack = read(directory)
    event = directory / "events" / example.name
    event.parent.mkdir(exist_ok=True)
    event.write_text(json.dumps(fill(example.read_text(), stack), indent=2) + "\n")
    containers = None if via == "remote" else engine()
    if containers is not None:
        said = _in_a_container(resource, event, directory, containers, stack)
    elif via == "local":
        raise Failure("no Docker answers here; VIA=remote does without")
    else:
        said = _deployed(resource, event, stack)
    # A function that prints does so before it answers.
    *_, answer = said.split("\n") if (said := said.strip()) else [""]
    if not answer:
        raise Failure(f"{resource} gave no answer")
    return json.loads(answer)


def show(answer: Any) -> int:
    """Prints it for a person; the exit status is 1 where the service is at fault."""
    if isinstance(answer, dict) and "statusCode" in answer:
        status = HTTPStatus(answer["statusCode"])
        print(status.value, status.phrase)
        print(json.dumps(_body(answer), indent=2, ensure_ascii=False))
        return int(status >= HTTPStatus.INTERNAL_SERVER_ERROR)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return int(isinstance(answer, dict) and "errorMessage" in answer)


def _body(answer: dict[str, Any]) -> Any:
    """What is in the envelope, or, of an answer to a browser, its headers."""
    headers = answer.get("headers", {})
    told_as = headers.get("Content-Type", "application/json")
    if answer["body"] and told_as.startswith("application/json"):
        return json.loads(answer["body"])
    return {"headers": headers, "cookies": answer.get("cookies", [])}


def _in_a_container(
    resource: str,
    event: Path,
    directory: Path,
    containers: DockerClient,
    stack: Mapping[str, str],
) -> str:
    architecture = "arm64" if containers.version()["Arch"] == "arm64" else "x86_64"
    print(f"building for {architecture}, if the sources have changed", file=sys.stderr)
    built = deployment.build(directory / "sam.log", architecture)
    with bridge(containers, stack):
        return sam.output(
            *("local", "invoke", resource),
            *("--template-file", str(built / "template.yaml")),
            *("--parameter-overrides", f"Architecture={architecture}"),
            *("--event", str(event), "--env-vars", str(directory / SAM_FILE)),
            *("--add-host", f"{HOST}:host-gateway"),
        )


def _deployed(resource: str, event: Path, stack: Mapping[str, str]) -> str:
    return sam.output(
        *("remote", "invoke", resource, "--stack-name", deployment.STACK_NAME),
        *("--event-file", str(event)),
        environment={"AWS_ENDPOINT_URL": stack["AWS_ENDPOINT_URL"]},
    )


if __name__ == "__main__":
    sys.exit(main())
