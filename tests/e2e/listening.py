"""What a receiver on this machine heard of a deployed stack, verified."""

import time
from typing import Any

from standardwebhooks import Webhook

from tests.receiver import Receiver

# Seconds.
PATIENCE = 60


def told_of(receiver: Receiver, made: dict[str, Any], user: str, number: int) -> list[Any]:
    """The events of a user's referral, once so many have come."""
    known, until = Webhook(made["secret"]), time.monotonic() + PATIENCE
    while True:
        told = {}
        for came in list(receiver.received):
            event = known.verify(came.body, came.headers)
            about = event["data"].get("attribution", {})
            if about.get("referred_user_id") == user:
                told[came.headers["webhook-id"]] = event
        if len(told) >= number:
            return list(told.values())
        assert time.monotonic() < until, f"{len(told)} of {number} came: {list(told)}"
        time.sleep(0.2)
