"""The examples in events/, filled with what only the running stack knows.

They say what is missing in angle brackets: `<admin key>`, `<referral of user-waiting>`.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from local import deployment
from local.emulator import clients
from local.failure import Failure
from local.stripe_events import signature
from local.tokens import Signer

# The signature comes last: it is over the body as it is then.
MISSING = re.compile(r"<(?!signature>)(?P<what>[a-z ]+?)(?: of (?P<whom>[\w-]+))?>")

# What stands for `<what of whom>`; whom is empty where nobody is named.
Known = Mapping[str, Callable[[str], str]]


def filled(text: str, known: Known, signing_secret: str) -> dict[str, Any]:
    """The event with nothing missing. Failure for what is not known."""

    @cache
    def answer(what: str, whom: str | None) -> str:
        if what not in known:
            raise Failure(f"<{what}> is none of what can be filled: {', '.join(known)}")
        return known[what](whom or "")

    event: dict[str, Any] = json.loads(MISSING.sub(lambda found: answer(*found.groups()), text))
    if "stripe-signature" in event.get("headers", {}):
        signed = signature(event["body"].encode(), signing_secret)
        event["headers"]["stripe-signature"] = signed
    return event


def fill(text: str, stack: Mapping[str, str]) -> dict[str, Any]:
    """The event as the running stack takes it; `stack` is what stack.env says of it."""
    return filled(text, known_of(stack), stack["REFERRALS_STRIPE_WEBHOOK_SECRET"])


def known_of(stack: Mapping[str, str]) -> Known:
    url = stack["REFERRALS_URL"]

    def token(user_id: str) -> str:
        return Signer().token(url.removesuffix("/api/v1"), user_id)

    def referral(user_id: str) -> str:
        query = urllib.request.Request(
            f"{url}/admin/referrals?user_id={user_id}",
            headers={"x-api-key": stack["REFERRALS_ADMIN_KEY"]},
        )
        with urllib.request.urlopen(query, timeout=60) as answer:
            items = json.load(answer)["data"]["items"]
        for attribution in (item["attribution"] for item in items):
            if attribution["referred_user_id"] == user_id:
                return str(attribution["id"])
        raise Failure(f"nobody referred {user_id} here; a fresh make run has them all")

    def new_key(user_id: str) -> str:
        client = clients(stack["AWS_ENDPOINT_URL"])
        function = deployment.resources(client)[deployment.function_resource("create_api_key")]
        return str(deployment.invoke(client, function, {"user_id": user_id})["id"])

    def endpoint(**told: str) -> str:
        body = json.dumps(told).encode()
        headers = {"x-api-key": stack["REFERRALS_ADMIN_KEY"], "content-type": "application/json"}
        made = urllib.request.Request(f"{url}/admin/webhook-endpoints", body, headers)
        with urllib.request.urlopen(made, timeout=60) as answer:
            return str(json.load(answer)["data"]["id"])

    return {
        "admin key": lambda _: stack["REFERRALS_ADMIN_KEY"],
        "service key": lambda _: stack["REFERRALS_SERVICE_KEY"],
        "token": token,
        "referral": referral,
        "new key": new_key,
        "endpoint": lambda _: endpoint(url="https://hooks.example.com/referrals"),
        "endpoint that asks": lambda _: endpoint(),
        "now": lambda _: str(int(time.time())),
    }
