"""A running programme and, for each function, requests that it really works on."""

import io
import itertools
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from typing import Any

import pytest

from referrals.dynamodb.table import Table
from referrals.edge import auth, clock, service, settings
from referrals.edge.tokens import _key_set
from referrals.rules.times import timestamp
from referrals.store import codes
from tests.functions.client import event, handler_of, invoke, send
from tests.functions.identity_provider import AUDIENCE, ISSUER, IdentityProvider
from tests.functions.running import CODE, REFERRER, SIGNING_SECRET, RunningProgramme
from tests.stripe_payloads import encoded, invoice_paid, signature

HASHING_SECRET = "a hashing secret"
SECRETS = {
    "hashing": HASHING_SECRET,
    "stripe": json.dumps({"signing_secrets": [SIGNING_SECRET]}),
}
# As people deploy it, the limit on an address's clicks among the rest; but one referrer brings all
# the signups, and nothing of theirs is capped or held: every request does the whole of its work.
CHOSEN = {
    "MONTHLY_REFERRER_REWARD_CAP": "100000",
    "SIGNUP_VELOCITY_LIMIT": "100000",
    "JWT_ISSUER": ISSUER,
    "JWT_AUDIENCE": AUDIENCE,
    "LANDING_URL": "https://example.com/welcome",
}

# Warm, they are not measured: done by hand a few times in a programme's life, and a test event
# takes as long as whoever gets it.
SELDOM = frozenset(
    {
        "create_webhook_endpoint",
        "delete_webhook_endpoint",
        "list_deliveries",
        "pull_events",
        "replay_events",
        "rotate_webhook_secret",
        "send_test_event",
    }
)

Event = dict[str, Any]
_numbers = itertools.count(1)


def _month() -> dict[str, str]:
    """The last thirty days, and this hour."""
    now = clock.now()
    return {"from": timestamp(now - timedelta(days=30)), "to": timestamp(now + timedelta(hours=1))}


@contextmanager
def in_this_process(table: Table, identity: IdentityProvider) -> Iterator[RunningProgramme]:
    """The functions' own environment here, on this table."""
    with pytest.MonkeyPatch.context() as patch:
        variables = CHOSEN | {
            "TABLE_NAME": table.name,
            "HASHING_SECRET": "hashing",
            "STRIPE_SECRET": "stripe",
            "ENVIRONMENT": "local",
            "JWT_JWKS_URL": identity.jwks_url,
        }
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(settings, "_secret", SECRETS.__getitem__)
        patch.setattr(service, "table", lambda: table)
        _forget()
        # Logs and metrics of what is only prepared here are of no interest.
        logging.disable()
        try:
            with redirect_stdout(io.StringIO()):
                yield RunningProgramme(table)
        finally:
            logging.disable(logging.NOTSET)
    _forget()


def _forget() -> None:
    settings.settings.cache_clear()
    _key_set.cache_clear()
    auth._recent_keys.clear()


class Requests:
    """Makes the events of each function, and first what they need to find."""

    def __init__(self, programme: RunningProgramme, identity: IdentityProvider) -> None:
        self._programme, self._identity = programme, identity
        self._makers: dict[str, Callable[[], Event]] = {
            "approve_referral": lambda: self._review("approve"),
            "attribute_signup": self._signup,
            "capture_click": self._click,
            "change_plan": lambda: self._admin(
                "POST", f"/admin/accounts/{self._new()}/plan", body={"plan": "pro"}
            ),
            "check_deliveries": dict,
            "check_stripe": dict,
            "create_api_key": lambda: {"user_id": self._new(), "role": "service"},
            "decide_referrals": self._decisions,
            "deliver_events": dict,
            "disable_code": lambda: self._code("disable"),
            "enable_code": lambda: self._code("enable"),
            "erase_user": self._erasure,
            "expire_attributions": dict,
            "export_referrals": lambda: self._admin("GET", "/admin/referrals.csv"),
            "follow_link": self._link,
            "get_account": lambda: self._admin("GET", f"/admin/accounts/{REFERRER}"),
            "get_health": lambda: self._admin("GET", "/admin/health"),
            "get_referral": lambda: self._admin("GET", f"/admin/referrals/{self._rewarded()}"),
            "list_webhook_endpoints": lambda: self._admin("GET", "/admin/webhook-endpoints"),
            "list_referrals": lambda: self._admin("GET", "/admin/referrals", query={"limit": "25"}),
            "my_referral_events": lambda: self._own("/referrals/me/events"),
            "my_referrals": lambda: self._own("/referrals/me"),
            "rank_referrers": lambda: self._admin("GET", "/admin/referrers"),
            "rank_campaigns": lambda: self._admin("GET", "/admin/campaigns", query=_month()),
            "publish_events": lambda: {"Records": []},
            "reconcile": dict,
            "recover_grants": lambda: self._admin("POST", "/admin/referrals/recover"),
            "referral_series": lambda: self._admin(
                "GET", "/admin/referrals/series", query=_month()
            ),
            "referral_stats": lambda: self._admin("GET", "/admin/referrals/stats", query=_month()),
            "reject_referral": lambda: self._review("reject"),
            "revoke_api_key": self._revocation,
            "roll_up_clicks": dict,
            "serve_card": lambda: _page("/referral-card.js"),
            "serve_console": lambda: _page("/console"),
            "serve_embed": lambda: _page("/referrals.js"),
            "stripe_webhook": self._payment,
        }
        self._one_rewarded: str | None = None

    @property
    def functions(self) -> Iterable[str]:
        """The functions that there are requests for."""
        return self._makers.keys()

    def of(self, function: str, number: int) -> list[Event]:
        """So many events, each of which finds something to do."""
        return [self._makers[function]() for _ in range(number)]

    def _new(self) -> str:
        return f"user-{next(_numbers)}"

    def _admin(self, method: str, path: str, **details: Any) -> Event:
        return event(method, path, key=self._programme.admin_key, **details)

    def _own(self, path: str) -> Event:
        return event("GET", path, token=self._identity.of(REFERRER))

    def _rewarded(self) -> str:
        if self._one_rewarded is None:
            self._one_rewarded = self._programme.rewarded(self._new())["attribution"]["id"]
        return self._one_rewarded

    def _review(self, verdict: str) -> Event:
        waiting = self._programme.in_review(self._new(), click_id=self._visit())
        path = f"/admin/referrals/{waiting['attribution']['id']}/{verdict}"
        return self._admin("POST", path, body={"reason": "seen"})

    def _decisions(self) -> Event:
        waiting = self._programme.in_review(self._new(), click_id=self._visit())
        one = {"id": waiting["attribution"]["id"], "verdict": "approve", "reason": "seen"}
        body = {"idempotency_key": self._new() + "-decisions", "decisions": [one]}
        return self._admin("POST", "/admin/referrals/decisions", body=body)

    def _code(self, verdict: str) -> Event:
        """A code of its own, which is as the verdict finds it."""
        code = codes.create(self._programme.table, self._new(), f"{next(_numbers):012}")
        if verdict == "enable":
            assert self._programme.disable(code).good
        return self._admin("POST", f"/admin/codes/{code}/{verdict}", body={"reason": "seen"})

    def _visit(self) -> str:
        return send(handler_of("capture_click"), self._click()).good["click_id"]

    def _click(self) -> Event:
        visit = {"landing_path": "/pricing", "utm_campaign": "spring", "utm_medium": "mail"}
        body = {"code": CODE, **visit}
        return event("POST", "/referrals/click", body=body, address=_address())

    def _link(self) -> Event:
        return _page(f"/r/{CODE}", "utm_campaign=spring&utm_medium=mail")

    def _signup(self) -> Event:
        body = {"user_id": self._new(), "click_id": self._visit(), "email": "sam@example.com"}
        return event("POST", "/referrals/signups", body=body, key=self._programme.service_key)

    def _erasure(self) -> Event:
        user_id = self._new()
        assert self._programme.signup(user_id).good
        return self._admin("POST", f"/admin/users/{user_id}/erase", body={})

    def _revocation(self) -> Event:
        user_id = self._new()
        made = invoke("create_api_key", {"user_id": user_id, "role": "service"})
        return {"user_id": user_id, "id": made["id"]}

    def _payment(self) -> Event:
        sale = self._programme.referred(self._new(), click_id=self._visit())
        body = encoded(invoice_paid(sale))
        header = {"stripe-signature": signature(body, SIGNING_SECRET)}
        return event("POST", "/webhooks/stripe", body=body, headers=header)


def _page(path: str, query: str = "") -> Event:
    """What a browser asks for."""
    return event("GET", "", address=_address()) | {"rawPath": path, "rawQueryString": query}


def _address() -> str:
    """Each request's own: none meets the limit, all of them count against it."""
    number = next(_numbers)
    return f"198.51.{number // 250 % 250}.{number % 250 + 1}"
