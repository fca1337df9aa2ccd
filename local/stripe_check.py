"""`make stripe-check`: what Stripe sends to a stack, and what is missing; fails where it is.

Without a stage the running local stack is asked, else the deployed one of that name.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from botocore.exceptions import BotoCoreError

from local import deployment
from local.emulator import clients
from local.environment import read
from local.failure import Failure

FUNCTION = deployment.function_resource("check_stripe")


def main() -> int:
    stage = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        found = _of_stage(stage) if stage else _of_local_stack()
    except BotoCoreError:
        print("make stripe-check: the local stack is not running: make run", file=sys.stderr)
        return 1
    except Failure as failure:
        print(f"make stripe-check: {failure}", file=sys.stderr)
        return 1
    return show(found)


def show(found: dict[str, Any]) -> int:
    """Prints it for a person; the exit status is 1 where something is missing."""
    for kind, one in found["seen"].items():
        print(f"{one['last_seen']}  {kind}  ({one['api_version'] or 'no API version'})")
    if not found["seen"]:
        print("no event has come yet")
    why = "none in 30 days although invoices came"
    if "endpoints" in found:
        why = "no endpoint is subscribed to it"
        for endpoint in found["endpoints"]:
            lacks = ", ".join(endpoint["missing"]) or "nothing"
            print(f"{endpoint['url']} is not subscribed to: {lacks}")
        if not found["endpoints"]:
            print("Stripe has no enabled endpoint that ends in /webhooks/stripe")
        if found["not_seen"]:
            print(f"none in 30 days although invoices came: {', '.join(found['not_seen'])}")
    if not found["missing"]:
        print("nothing is missing")
        return 0
    print(f"missing, {why}: {', '.join(found['missing'])}")
    return 1


def _of_local_stack() -> dict[str, Any]:
    client = clients(read()["AWS_ENDPOINT_URL"])
    found: dict[str, Any] = deployment.invoke(client, deployment.resources(client)[FUNCTION], {})
    return found


def _of_stage(stage: str) -> dict[str, Any]:
    command = ["sam", "remote", "invoke", FUNCTION, "--config-env", stage, "-e", "{}"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        raise Failure(" ".join(asked.stderr.split()))
    # SAM exits with 0 where the function fails, and where it says nothing.
    *_, answer = asked.stdout.strip().split("\n")
    found: dict[str, Any] = json.loads(answer or "{}")
    if "seen" not in found:
        raise Failure(f"{FUNCTION} failed: {found.get('errorMessage', 'it gave no answer')}")
    return found


if __name__ == "__main__":
    sys.exit(main())
