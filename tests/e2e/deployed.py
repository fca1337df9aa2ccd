"""The deployed service as its callers see it: over HTTP, with the table to look into."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from local import deployment
from local.emulator import clients
from local.tokens import Signer
from referrals.dynamodb.table import Table
from referrals.store import codes, keys
from tests import stripe_payloads
from tests.stripe_payloads import Payload, Sale
from tests.tables import scanned

_NOT_THE_CALLERS = ("last_used_on",)
_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of one answer."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def good(self) -> Any:
        """The data of an answer that must be a 200."""
        assert self.status == 200, self.body
        return self.body["data"]


class Deployed:
    """The service at an address, and steps of a referral through it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.url = environment["REFERRALS_URL"]
        self.admin_key = environment["REFERRALS_ADMIN_KEY"]
        self.service_key = environment["REFERRALS_SERVICE_KEY"]
        self.signing_secret = environment["REFERRALS_STRIPE_WEBHOOK_SECRET"]
        self.client = clients(environment["AWS_ENDPOINT_URL"])
        self.table = Table(environment["REFERRALS_TABLE"], self.client("dynamodb"))
        self.issuer = self.url.removesuffix("/api/v1")
        self.signer = Signer()

    @cached_property
    def names(self) -> dict[str, str]:
        return deployment.resources(self.client)

    def invoke(self, function: str, payload: Mapping[str, Any]) -> Any:
        name = self.names[deployment.function_resource(function)]
        return deployment.invoke(self.client, name, payload)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A text or bytes body is sent as it is, any other as its JSON."""
        sent = dict(headers or {}) | ({"x-api-key": key} if key else {})
        raw = body.encode() if isinstance(body, str) else body
        if not isinstance(raw, bytes | None):
            raw = json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("content-type", "application/json")
        url = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(url, raw, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, json.load(answer))
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, json.load(refused))

    def admin(self, method: str, path: str, body: Any = None, **details: Any) -> Answer:
        return self.call(method, path, body, key=self.admin_key, **details)

    def new_referrer(self) -> tuple[str, str]:
        """A user with a code, made as the product makes one; the code too."""
        number = next(_numbers)
        user_id = f"referrer-{number}-{uuid4().hex[:8]}"
        return user_id, codes.create(self.table, user_id, uuid4().hex[:12].upper())

    def click(self, code: str, **body: Any) -> Answer:
        return self.call("POST", "/referrals/click", {"code": code} | body)

    def signup(self, user_id: str, **body: Any) -> Answer:
        whole = {"user_id": user_id} | body
        return self.call("POST", "/referrals/signups", whole, key=self.service_key)

    def referred(self, code: str, **body: Any) -> tuple[str, Sale]:
        """A new user of a code whom Stripe knows; and the sale that would be their first."""
        user_id = f"user-{next(_numbers)}-{uuid4().hex[:8]}"
        customer = f"cus_{uuid4().hex}"
        assert self.signup(user_id, code=code, stripe_customer_id=customer, **body).good
        return user_id, Sale(customer=customer, number=uuid4().hex)

    def owed(self) -> tuple[str, str]:
        """Referrer and referred user of a paid sale, the latter with an account that is broken."""
        referrer, code = self.new_referrer()
        user_id, sale = self.referred(code)
        self.set_balance(user_id, "broken")
        assert self.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
        assert self.referral_of(user_id)["attribution"]["status"] == "qualified"
        return referrer, user_id

    def stripe(self, event: Payload) -> Answer:
        """The event, signed and sent as Stripe does."""
        payload = stripe_payloads.encoded(event)
        return self.webhook(payload, stripe_payloads.signature(payload, self.signing_secret))

    def webhook(self, payload: bytes, signature: str | None) -> Answer:
        headers = {} if signature is None else {"stripe-signature": signature}
        return self.call("POST", "/webhooks/stripe", payload, headers=headers)

    def token(self, user_id: str, **claims: Any) -> str:
        return self.signer.token(self.issuer, user_id, **claims)

    def referral_of(self, user_id: str) -> dict[str, Any]:
        found = self.admin("GET", "/admin/referrals", query={"user_id": user_id}).good["items"]
        (one,) = (item for item in found if item["attribution"]["referred_user_id"] == user_id)
        return one

    def stats(self, **query: str) -> dict[str, Any]:
        bounds = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
        return self.admin("GET", "/admin/referrals/stats", query=bounds | query).good

    def balance(self, user_id: str) -> Any:
        return (self.table.get(keys.credits(user_id)) or {}).get("balance", 0)

    def ledger(self, user_id: str) -> list[int]:
        bookings = self.table.query(keys.user(user_id), prefix=keys.LEDGER_PREFIX)
        return [booking["credits"] for booking in bookings]

    def set_balance(self, user_id: str, balance: object) -> None:
        """A text for a balance is an account that no grant can be written to."""
        key = keys.credits(user_id)
        item = {"pk": key.pk, "sk": key.sk, "balance": balance}
        self.table.write(self.table.put("account", item))

    def everything(self) -> list[dict[str, Any]]:
        """All items in order, without meters, the first signup's mark, and what health shows."""
        meters = {tuple(keys.credits(user)) for user in ("admin-user", "service-backend")}
        items = (
            {name: value for name, value in item.items() if name not in _NOT_THE_CALLERS}
            for item in scanned(self.table)
            if (item["pk"], item["sk"]) not in {*meters, tuple(keys.FINGERPRINT)}
            and item["pk"] not in (keys.RUNS, keys.EVENT_KINDS)
        )
        return sorted(items, key=lambda item: (item["pk"], item["sk"]))


def at_once(act: Any, inputs: Any) -> list[Any]:
    """The act on every input, all in flight together."""
    listed = list(inputs)
    with ThreadPoolExecutor(max_workers=len(listed)) as pool:
        return list(pool.map(act, listed))
