"""API keys for the running local stack: `python -m local.key ROLE PLAN [USER]` prints one."""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError

from local import deployment
from local.emulator import clients
from local.environment import read
from local.failure import Failure


def main() -> int:
    arguments = argparse.ArgumentParser(
        description="Print an API key that the running local stack accepts."
    )
    arguments.add_argument("role")
    arguments.add_argument("plan")
    arguments.add_argument("user", nargs="?")
    given = arguments.parse_args()
    payload = {
        "role": given.role,
        "plan": given.plan,
        "user_id": given.user or f"{given.role}-user",
    }
    try:
        client = clients(read()["AWS_ENDPOINT_URL"])
        name = deployment.resources(client)[deployment.function_resource("create_api_key")]
        print(deployment.invoke(client, name, payload)["api_key"])
    except BotoCoreError:
        print("make key: the local stack is not running: make run", file=sys.stderr)
        return 1
    except Failure as failure:
        print(f"make key: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
