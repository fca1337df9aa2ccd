"""`make run`: the whole service on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from local import demo
from local.failure import Failure
from local.seed import seed
from local.stack import Stack

# The emulator listens this far from the base URL's port: 3000 and 4566.
EMULATOR_OFFSET = 1566
PORTS = range(1024, 65536 - EMULATOR_OFFSET)

READY = """
The referral service runs at {url}
  console    {console}
  admin key  {key}    (paste it there)
  a user's card in every state: {demo}

Try it:
  curl -s {url}/referrals/click -H 'content-type: application/json' -d '{{"click_id":"refclk_abc123","code":"A1B2C3D4E5F6","landing_path":"/pricing","utm_campaign":"spring-launch","utm_medium":"email","utm_source":"newsletter"}}'
  curl -s '{url}/admin/referrals?limit=5' -H 'x-api-key: {key}'
  curl -s '{url}/admin/referrals/stats?from={start}&to={end}&campaign=spring-launch' -H 'x-api-key: {key}'
  curl -s -X POST '{url}/admin/referrals/recover?limit=10' -H 'x-api-key: {key}'

A user's own view: make token USER=user-referrer, then GET /referrals/me with 'Authorization: Token …'.
Keys and addresses are in .local/stack.env, logs in .local/. Ctrl-C stops everything."""  # noqa: E501  pasted as one line


def main() -> int:
    # Also where a shell in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    started = time.monotonic()

    def say(message: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {message}", flush=True)

    try:
        port = chosen_port()
        stack = Stack(port, port + EMULATOR_OFFSET, parameters=chosen_parameters(), say=say)
        try:
            stack.start()
            say("seeding a small programme")
            seed(stack)
            say("ready")
            print(invitation(stack), flush=True)
            while stack.running():
                time.sleep(1)
            raise Failure("MiniStack ended by itself; .local/ministack.log says why")
        finally:
            say("stopping")
            stack.stop()
    except KeyboardInterrupt:
        say("stopped")
        return 0
    except Failure as failure:
        print(f"make run: {failure}", file=sys.stderr)
        return 1


def invitation(stack: Stack) -> str:
    now = datetime.now(UTC)
    return READY.format(
        url=stack.environment["REFERRALS_URL"],
        console=stack.environment["REFERRALS_URL"].removesuffix("/api/v1") + "/console",
        key=stack.environment["REFERRALS_ADMIN_KEY"],
        demo=stack.issuer + demo.PATH,
        start=f"{now - timedelta(days=30):%Y-%m-%dT00:00:00Z}",
        end=f"{now + timedelta(days=1):%Y-%m-%dT00:00:00Z}",
    )


def chosen_port() -> int:
    given = os.environ.get("PORT") or "3000"
    if not given.isdigit() or int(given) not in PORTS:
        raise Failure(f"PORT={given} is not a port from {PORTS.start} to {PORTS.stop - 1}")
    return int(given)


def chosen_parameters() -> dict[str, str]:
    """PARAMETERS="MonthlyReferrerRewardCap=20 RewardHoldDays=7": the template's, for this run."""
    given = os.environ.get("PARAMETERS", "").split()
    malformed = [one for one in given if "=" not in one]
    if malformed:
        raise Failure(f"PARAMETERS wants Name=Value, not {malformed[0]}")
    return dict(one.split("=", 1) for one in given)


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
