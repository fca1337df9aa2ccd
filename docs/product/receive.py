"""Receive the referral service's events: whatever serves your requests calls `receive`."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


def receive(
    body: bytes,
    headers: Mapping[str, str],
    known: Callable[[str], bool],
    handle: Callable[[str, dict[str, Any]], None],
) -> int:
    """The status to answer to a POST; `body` as it came, for it is what was signed.

    `known` says whether an id was handled before. `handle` keeps the id in the same transaction as
    what it does. What it raises should become a 500: the event comes again.
    """
    try:
        event = Webhook(os.environ["REFERRALS_WEBHOOK_SECRET"]).verify(body, dict(headers))
    except WebhookVerificationError:
        return 401
    event_id = headers["webhook-id"]
    if not known(event_id):
        handle(event_id, event)
    return 204
