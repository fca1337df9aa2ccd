"""A small believable programme: its past through the store, today through the API itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

from local import stripe_events
from local.failure import Failure
from local.history import Campaign, History
from local.stack import Stack
from referrals.dynamodb.table import Table
from referrals.rules.programme import Programme
from referrals.rules.rewards import ATTEMPTS_UNTIL_FAILED
from referrals.store.keys import credits

REFERRER, PARTNER, BLOGGER = "user-referrer", "user-partner", "user-blogger"
SPRING = Campaign("A1B2C3D4E5F6", "spring-launch", "email", "newsletter", "/pricing", 5)
WEBINAR = Campaign("PARTNER2WEBN", "partner-webinar", "video", "webinar", "/demo", 3)
REVIEW = Campaign("BLOGGER7POST", "tool-review", "blog", "review-post", "/", 2)
OWNERS = {REFERRER: SPRING, PARTNER: WEBINAR, BLOGGER: REVIEW}

MONTHLY_CAP = Programme().monthly_cap


def seed(stack: Stack) -> None:
    """Fill a fresh stack: every status, several campaigns and days, grants still owed."""
    table = Table(stack.environment["REFERRALS_TABLE"], stack.client("dynamodb"))
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.names["HashingSecret"])
    _past(History.of(table, secret["SecretString"].encode(), Programme()))
    today = Today(stack)
    today.paying_signups()
    today.reviews()
    today.full_month()
    Freezer(stack, today).owed_grants()
    for schedule in ("expire_attributions", "roll_up_clicks"):
        stack.invoke(schedule, {})


def _past(history: History) -> None:
    for user_id, campaign in OWNERS.items():
        history.give_code(user_id, campaign.code)
    history.signup("user-forgotten", days_ago=40, code=SPRING.code)
    # Oldest first: counting starts at the first click.
    for day in range(6, 0, -1):
        for campaign in OWNERS.values():
            last = history.visits(campaign, day)
            if campaign is SPRING and day in (5, 3):
                history.signup(f"user-day-{day}", days_ago=day - 0.1, click_id=last)
                history.payment(f"user-day-{day}", f"day{day}", day - 0.5)
    # Refunds come first: this one was qualified yesterday and is held for a week.
    held = replace(history, programme=replace(history.programme, hold_days=7))
    held.signup("user-held", days_ago=0.9, click_id=last)
    held.payment("user-held", "held", 0.8)


class Today:
    """Requests as visitors, the product, Stripe and support staff send them."""

    def __init__(self, stack: Stack) -> None:
        self._environment = stack.environment

    def click(self, campaign: Campaign) -> str:
        visit = {
            "code": campaign.code,
            "landing_path": campaign.landing_path,
            "utm_campaign": campaign.name,
            "utm_medium": campaign.medium,
            "utm_source": campaign.source,
        }
        click_id: str = self._post("/referrals/click", visit)["click_id"]
        return click_id

    def signup(self, user_id: str, campaign: Campaign, **details: str) -> None:
        click = {"click_id": self.click(campaign), "user_id": user_id}
        self._post("/referrals/signups", {**click, **details}, service=True)

    def pay(self, customer_id: str, number: str) -> None:
        event = stripe_events.encoded(stripe_events.invoice_paid(customer_id, number, 4900))
        secret = self._environment["REFERRALS_STRIPE_WEBHOOK_SECRET"]
        self._send(
            "/webhooks/stripe", event, "stripe-signature", stripe_events.signature(event, secret)
        )

    def recover(self) -> None:
        self._post("/admin/referrals/recover", {})

    def paying_signups(self) -> None:
        self.signup("user-undecided", SPRING)
        self.signup("user-thinking", REVIEW)
        self.signup("user-referred", SPRING, stripe_customer_id="cus_123")
        self.pay("cus_123", "123")
        self.signup("user-reader", REVIEW, stripe_customer_id="cus_reader")
        self.pay("cus_reader", "reader")

    def reviews(self) -> None:
        """Throw-away addresses are held for review; one of them has been looked at."""
        for name in ("waiting", "doubtful", "refused"):
            mail = f"{name}@mailinator.com"
            self.signup(f"user-{name}", SPRING, stripe_customer_id=f"cus_{name}", email=mail)
            self.pay(f"cus_{name}", name)
        found = self._send("/admin/referrals?user_id=user-refused", None, *self._admin())
        (refused,) = found["items"]
        path = f"/admin/referrals/{refused['attribution']['id']}/reject"
        self._post(path, {"reason": "same billing account"})

    def full_month(self) -> None:
        """One more than the cap: the last is capped for the partner, rewarded for the newcomer."""
        for number in range(MONTHLY_CAP + 1):
            self.signup(f"user-attendee-{number}", WEBINAR, stripe_customer_id=f"cus_att{number}")
            self.pay(f"cus_att{number}", f"att{number}")

    def _admin(self) -> tuple[str, str]:
        return "x-api-key", self._environment["REFERRALS_ADMIN_KEY"]

    def _post(self, path: str, body: dict[str, Any], *, service: bool = False) -> Any:
        name, key = self._admin()
        key = self._environment["REFERRALS_SERVICE_KEY"] if service else key
        return self._send(path, json.dumps(body).encode(), name, key)

    def _send(self, path: str, body: bytes | None, header: str, value: str) -> Any:
        headers = {header: value, "content-type": "application/json"}
        request = urllib.request.Request(self._environment["REFERRALS_URL"] + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise Failure(
                f"seeding: {path} answered {error.code} {error.read().decode()}"
            ) from error


class Freezer:
    """Accounts that cannot be written for a while, as in an incident, so that grants stay owed."""

    def __init__(self, stack: Stack, today: Today) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._table = stack.environment["REFERRALS_TABLE"]
        self._today = today

    def owed_grants(self) -> None:
        """One grant given up for now, one that the schedule finds within two minutes."""
        self._sell_to("user-unlucky", "unlucky")
        for _ in range(ATTEMPTS_UNTIL_FAILED):
            self._today.recover()
        self._sell_to("user-delayed", "delayed")
        for user_id in ("user-unlucky", "user-delayed"):
            self._dynamodb.delete_item(TableName=self._table, Key=_account(user_id))

    def _sell_to(self, user_id: str, number: str) -> None:
        self._today.signup(user_id, REVIEW, stripe_customer_id=f"cus_{number}")
        frozen = {**_account(user_id), "balance": {"S": "frozen"}}
        self._dynamodb.put_item(TableName=self._table, Item=frozen)
        self._today.pay(f"cus_{number}", number)


def _account(user_id: str) -> dict[str, dict[str, str]]:
    key = credits(user_id)
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
