"""A Lambda instance: what its modules remember, kept apart though all share one interpreter."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from referrals.dynamodb.table import Table
from referrals.edge import auth
from referrals.store import codes, metering
from tests.functions.client import Context
from tests.iam.guard import running

HANDLERS = {
    name: import_module(f"functions.{name}.handler")
    for name in (
        "approve_referral",
        "attribute_signup",
        "capture_click",
        "change_plan",
        "check_deliveries",
        "check_stripe",
        "create_api_key",
        "create_webhook_endpoint",
        "decide_referrals",
        "delete_webhook_endpoint",
        "deliver_events",
        "disable_code",
        "enable_code",
        "erase_user",
        "expire_attributions",
        "export_referrals",
        "follow_link",
        "get_account",
        "get_health",
        "get_referral",
        "list_deliveries",
        "list_referrals",
        "list_webhook_endpoints",
        "my_referral_events",
        "my_referrals",
        "publish_events",
        "pull_events",
        "rank_campaigns",
        "rank_referrers",
        "reconcile",
        "recover_grants",
        "referral_series",
        "referral_stats",
        "reject_referral",
        "replay_events",
        "revoke_api_key",
        "roll_up_clicks",
        "rotate_webhook_secret",
        "send_test_event",
        "serve_card",
        "serve_console",
        "serve_embed",
        "stripe_webhook",
    )
}
_CONTEXT = Context()


class _Hurried(Context):
    def get_remaining_time_in_millis(self) -> int:
        return 0


# No time for more than one step of what goes on with the next call.
HURRIED = _Hurried()
# Powertools keeps these two on the class.
_REQUEST = ("current_event", "lambda_context")


@dataclass
class Process:
    """One instance for one request at a time; `skew` is how wrong its clock is."""

    table: Table
    skew: timedelta = timedelta()
    context: Context = _CONTEXT
    _request: tuple[Any, ...] = (None, None)
    _contexts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _caches: tuple[dict[Any, Any], ...] = field(default_factory=lambda: ({}, {}, {}))

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a function in this process."""
        self._contexts[function] = {}
        self.resume()
        with running(function):
            return HANDLERS[function].handler(event, self.context)

    def aside(self, wait: Callable[[], object]) -> None:
        """Wait, and find everything as it was though other processes had their turns."""
        self._request = tuple(getattr(BaseRouter, name, None) for name in _REQUEST)
        wait()
        self.resume()

    def resume(self) -> None:
        """Make this process the one that the modules see."""
        for name, value in zip(_REQUEST, self._request, strict=True):
            setattr(BaseRouter, name, value)
        auth._recent_keys, codes._recent, metering._seen = self._caches
        for function, context in self._contexts.items():
            if hasattr(HANDLERS[function], "app"):
                HANDLERS[function].app.context = context
