"""`make reconcile`: the running local stack's books recounted; fails when anything differs."""

from __future__ import annotations

import sys

from botocore.exceptions import BotoCoreError

from local import deployment
from local.emulator import clients
from local.environment import read
from local.failure import Failure


def main() -> int:
    try:
        client = clients(read()["AWS_ENDPOINT_URL"])
        name = deployment.resources(client)[deployment.function_resource("reconcile")]
        found = deployment.invoke(client, name, {})
        told = [*found["differences"]]
        while not found["done"]:
            print(f"{found['items']} items so far")
            found = deployment.invoke(client, name, {"left": True})
            told += found["differences"]
    except BotoCoreError:
        print("make reconcile: the local stack is not running: make run", file=sys.stderr)
        return 1
    except Failure as failure:
        print(f"make reconcile: {failure}", file=sys.stderr)
        return 1
    for difference in told:
        print(difference)
    print(f"{found['items']} items, {found['difference_count']} differences")
    return 1 if found["difference_count"] else 0


if __name__ == "__main__":
    sys.exit(main())
