"""A programme that runs: a referral's steps, each taken through the function that serves it."""

from collections.abc import Mapping
from typing import Any

from referrals.dynamodb.table import Table
from referrals.store import codes, keys
from tests import stripe_payloads
from tests.functions.client import Answer, invoke, request
from tests.stripe_payloads import Payload, Sale

CODE = "A1B2C3D4E5F6"
REFERRER = "user-referrer"
CALLERS = ("admin-user", "service-backend", "member-user")
SIGNING_SECRET = "whsec_first"
OLDER_SIGNING_SECRET = "whsec_second"


class RunningProgramme:
    """One referrer with a code, and keys for those who call."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.admin_key = self.new_key("admin-user", "admin")
        self.service_key = self.new_key("service-backend", "service")
        self.member_key = self.new_key("member-user", "member")
        codes.create(table, REFERRER, CODE)

    def new_key(self, user_id: str, role: str) -> str:
        """A key of an account that no plan holds back."""
        wanted = {"user_id": user_id, "role": role, "plan": "enterprise"}
        return invoke("create_api_key", wanted)["api_key"]

    def click(self, **body: Any) -> Answer:
        return request("capture_click", "POST", "/referrals/click", body={"code": CODE} | body)

    def signup(self, user_id: str, **body: Any) -> Answer:
        body = {"user_id": user_id} | (
            body if {"code", "click_id"} & body.keys() else {"code": CODE} | body
        )
        return request(
            "attribute_signup", "POST", "/referrals/signups", body=body, key=self.service_key
        )

    def stripe(self, event: Payload, *secrets: str) -> Answer:
        """The event, signed and sent as Stripe does."""
        payload = stripe_payloads.encoded(event)
        header = stripe_payloads.signature(payload, *(secrets or (SIGNING_SECRET,)))
        return self.webhook(payload, {"stripe-signature": header})

    def pay(self, sale: Sale) -> None:
        """All that Stripe tells of an ordinary payment."""
        for event in stripe_payloads.payment(sale):
            assert self.stripe(event).good["handled"], event["type"]

    def webhook(self, body: Any, headers: Mapping[str, str]) -> Answer:
        return request("stripe_webhook", "POST", "/webhooks/stripe", body=body, headers=headers)

    def referred(self, user_id: str, customer: str | None = None, **body: Any) -> Sale:
        """A signed-up user whom Stripe knows as a customer; the sale that would be their first."""
        customer = customer or f"cus_{user_id.replace('-', '')}"
        assert self.signup(user_id, stripe_customer_id=customer, **body).good
        return Sale(customer=customer)

    def rewarded(self, user_id: str, **body: Any) -> dict[str, Any]:
        assert self.stripe(stripe_payloads.invoice_paid(self.referred(user_id, **body))).good
        return self.referral_of(user_id)

    def in_review(self, user_id: str, **body: Any) -> dict[str, Any]:
        """A referral that is held because its e-mail address is a throw-away one."""
        return self.rewarded(user_id, email=f"{user_id}@mailinator.com", **body)

    def owed(self, user_id: str, **body: Any) -> dict[str, Any]:
        """A referral whose referred user's account cannot be written, so that they are owed."""
        self.break_account(user_id)
        return self.rewarded(user_id, **body)

    def break_account(self, user_id: str) -> None:
        key = keys.credits(user_id)
        item = {"pk": key.pk, "sk": key.sk, "balance": "not a number"}
        self.table.write(self.table.put("broken", item))

    def heal_account(self, user_id: str) -> None:
        key = keys.credits(user_id)
        self.table.write(self.table.put("healed", {"pk": key.pk, "sk": key.sk, "balance": 0}))

    def referral_of(self, user_id: str) -> dict[str, Any]:
        """The attribution by which the user came, with its rewards."""
        for one in self.list(user_id=user_id).good["items"]:
            if one["attribution"]["referred_user_id"] == user_id:
                return one
        raise LookupError(user_id)

    def story_of(self, user_id: str) -> dict[str, Any]:
        """All that is known of the referral by which the user came."""
        path = f"/admin/referrals/{self.referral_of(user_id)['attribution']['id']}"
        return self.admin("get_referral", "GET", path).good

    def status_of(self, user_id: str) -> str:
        return self.referral_of(user_id)["attribution"]["status"]

    def balance(self, user_id: str) -> int:
        return (self.table.get(keys.credits(user_id)) or {}).get("balance", 0)

    def list(self, **query: str) -> Answer:
        return self.admin("list_referrals", "GET", "/admin/referrals", query=query)

    def stats(
        self, start: str = "2020-01-01T00:00:00Z", end: str = "2100-01-01T00:00:00Z", **query: str
    ) -> Answer:
        bounds = {"from": start, "to": end}
        return self.admin("referral_stats", "GET", "/admin/referrals/stats", query=bounds | query)

    def series(self, **query: str) -> Answer:
        return self.admin("referral_series", "GET", "/admin/referrals/series", query=query)

    def campaigns(self, **query: str) -> Answer:
        return self.admin("rank_campaigns", "GET", "/admin/campaigns", query=query)

    def health(self) -> Answer:
        return self.admin("get_health", "GET", "/admin/health")

    def referrers(self, **query: str) -> Answer:
        return self.admin("rank_referrers", "GET", "/admin/referrers", query=query)

    def review(self, verdict: str, attribution_id: str, **details: Any) -> Answer:
        path = f"/admin/referrals/{attribution_id}/{verdict}"
        return self.admin(f"{verdict}_referral", "POST", path, **details)

    def decide(self, verdict: str, *ids: str, key: str = "monday-morning") -> Answer:
        body = {
            "idempotency_key": key,
            "decisions": [{"id": one, "verdict": verdict} for one in ids],
        }
        return self.admin("decide_referrals", "POST", "/admin/referrals/decisions", body=body)

    def disable(self, code: str = CODE, **details: Any) -> Answer:
        return self.admin("disable_code", "POST", f"/admin/codes/{code}/disable", **details)

    def enable(self, code: str = CODE, **details: Any) -> Answer:
        return self.admin("enable_code", "POST", f"/admin/codes/{code}/enable", **details)

    def listen(self, *types: str, url: str | None = "https://hooks.example.com/") -> Answer:
        body = {"url": url, "types": list(types)}
        return self.admin("create_webhook_endpoint", "POST", "/admin/webhook-endpoints", body=body)

    def endpoint(self, function: str, method: str, id: str, what: str, **details: Any) -> Answer:
        path = f"/admin/webhook-endpoints/{id}{what}"
        return self.admin(function, method, path, **details)

    def pull(self, endpoint: str, **query: str) -> Answer:
        """The events that an endpoint without a URL asks for."""
        asked = {"endpoint": endpoint, **query}
        return self.admin("pull_events", "GET", "/admin/events", query=asked)

    def recover(self, **query: str) -> Answer:
        return self.admin("recover_grants", "POST", "/admin/referrals/recover", query=query)

    def admin(self, function: str, method: str, path: str, **details: Any) -> Answer:
        return request(function, method, path, **{"key": self.admin_key} | details)
