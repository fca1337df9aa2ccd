"""What a viral day brings: signups, first payments, both, clicks, and grants that are due."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from referrals.acts.signups import Signup, attribute
from referrals.edge.auth import new_key
from referrals.edge.settings import settings
from referrals.rules.attribution import Actor
from referrals.rules.clicks import Click
from referrals.rules.facts import CustomerLinked
from referrals.rules.ids import fingerprint
from referrals.store import api_keys, clicks, codes, facts
from referrals.store.api_keys import ApiKey
from referrals.store.fingerprint import leave
from tests import stripe_payloads
from tests.functions.client import event
from tests.functions.running import SIGNING_SECRET
from tests.load.world import LoadWorld
from tests.simulation.world import SECRET
from tests.stripe_payloads import OLD, Sale

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CAMPAIGN = "launch"
KEY = new_key(bytes([7]) * 20)
_KEPT = timedelta(days=90)
# Visitors come through clicks of their own; so many stand for them.
_CLICKS = 64

Sent = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """Who refers, how many are there already, and what comes."""

    name: str
    codes: int
    comes: str
    environment: dict[str, str] = field(default_factory=dict)

    def prepare(self, world: LoadWorld, number: int) -> None:
        """Codes, a service key, clicks, and those who will pay."""
        table = world.actor.process.table
        made = ApiKey(id="key_product", user_id="product", role="service", created_at=NOON)
        api_keys.create(table, KEY, made)
        # As after the first signup there ever was: from then on a process looks for it once.
        leave(table, fingerprint(SECRET.encode()))
        for one in range(self.codes):
            codes.create(table, f"referrer{one}", _code(one))
        for one in range(max(self.codes, _CLICKS)):
            visit = Click(
                click_id=f"click_{one}",
                code=_code(one % self.codes),
                clicked_at=NOON,
                utm_campaign=CAMPAIGN,
            )
            clicks.record_given(table, visit, world.new_ulid(NOON), _KEPT)
        if self.comes != "signups":
            for one in range(number):
                self._referred(world, one)

    def _referred(self, world: LoadWorld, one: int) -> None:
        """A user who has signed up, and whose customer Stripe has told of."""
        table, secret = world.actor.process.table, SECRET.encode()
        told = Signup(user_id=f"user{one}", click_id=self._click(one), code=_code(one % self.codes))
        by = Actor(name="product", at=NOON, why="signup")
        attribute(table, secret, told, settings().programme, by)
        facts.link(table, CustomerLinked(customer_id=f"cus_{one}", user_id=f"user{one}"))

    def _click(self, one: int) -> str:
        return (
            f"click_{one % max(self.codes, _CLICKS)}"
            if self.codes == 1
            else (f"click_{one % self.codes}")
        )

    def requests(self, world: LoadWorld) -> Iterator[Callable[[], Sent]]:
        """One after the other, each made when it is sent."""
        for number in range(10**9):
            kind = self.comes if self.comes != "both" else ("signups", "payments")[number % 2]
            yield lambda kind=kind, number=number: getattr(self, f"_{kind}")(world, number)  # type: ignore[misc]

    def _signups(self, _: LoadWorld, number: int) -> Sent:
        body = {
            "user_id": f"new{number}",
            "click_id": self._click(number),
            "code": _code(number % self.codes),
        }
        return "attribute_signup", event("POST", "/referrals/signups", key=KEY, body=body)

    def _payments(self, world: LoadWorld, number: int) -> Sent:
        number = number // 2 if self.comes == "both" else number
        sale = Sale(
            customer=f"cus_{number}",
            number=str(number),
            paid_at=int(world.now.timestamp()),
            shape=OLD,
        )
        body = json.dumps(stripe_payloads.invoice_paid(sale))
        signature = stripe_payloads.signature(
            body.encode(), SIGNING_SECRET, at=world.now.timestamp()
        )
        headers = {"stripe-signature": signature}
        return "stripe_webhook", event("POST", "/webhooks/stripe", body=body, headers=headers)

    def _clicks(self, _: LoadWorld, number: int) -> Sent:
        body = {"code": _code(number % self.codes), "utm_campaign": CAMPAIGN}
        request = event("POST", "/referrals/click", body=body, address=_address(number))
        return "capture_click", request

    def _links(self, _: LoadWorld, number: int) -> Sent:
        request = event("GET", "", address=_address(number))
        path, query = f"/r/{_code(number % self.codes)}", f"utm_campaign={CAMPAIGN}"
        return "follow_link", request | {"rawPath": path, "rawQueryString": query}


def _code(one: int) -> str:
    return f"LOAD{one:08d}"


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


# The velocity rule would send a viral referrer's to review, where no credits meet.
_RULES = {"RISK_RULES": "same_stripe_customer,same_card,same_ip,same_email"}
_NO_CAP = {"MONTHLY_REFERRER_REWARD_CAP": "1000000"}
SPREAD, VIRAL, UNCAPPED = "200 codes", "one viral code", "one viral code, no cap"


def _scenarios() -> Iterator[Scenario]:
    for comes in ("signups", "payments", "both"):
        yield Scenario(f"{comes}, {SPREAD}", 200, comes)
        yield Scenario(f"{comes}, {VIRAL}", 1, comes, _RULES)
    yield Scenario(f"payments, {UNCAPPED}", 1, "payments", _RULES | _NO_CAP)
    yield Scenario(f"clicks, {VIRAL}", 1, "clicks")
    yield Scenario(f"links, {VIRAL}", 1, "links")


SCENARIOS = {scenario.name: scenario for scenario in _scenarios()}
