"""Stripe's side of credits, as it is documented: customers, balances, credit grants, and keys.

It answers the SDK in place of the network. Of one key it does a thing once in 24 hours and gives
the same answer again, a stored failure too; afterwards it has forgotten the key.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

KEYS_ARE_KEPT = timedelta(hours=24)
# An update of what these lists hold would be a surprise: both are immutable but for a grant's end.
Thing = dict[str, Any]
Answer = tuple[int, Thing]


class Refusal(Exception):
    """A 4xx that Stripe gives."""

    def __init__(self, status: int, **error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = {"type": "invalid_request_error", **error}


@dataclass
class StripeAccount:
    """One account. `now` is its clock; `usd` is what all of it is in."""

    now: Callable[[], datetime]
    customers: dict[str, Thing] = field(default_factory=dict)
    transactions: list[Thing] = field(default_factory=list)
    grants: list[Thing] = field(default_factory=list)
    movements: list[Thing] = field(default_factory=list)
    # Said to every request, where it is set.
    refusal: str = ""
    _keys: dict[str, tuple[datetime, str, Any, Answer]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # ---- what happens at Stripe without us

    def add(self, customer: str) -> None:
        """A customer comes."""
        self.customers.setdefault(customer, {"id": customer, "object": "customer", "balance": 0})

    def delete(self, customer: str) -> None:
        """A customer is deleted, which nothing takes back."""
        self.customers[customer] = {"id": customer, "object": "customer", "deleted": True}

    def spend(self, customer: str, most: int) -> None:
        """An invoice uses credit, as much as there is up to so much."""
        found = self.customers.get(customer, {})
        used = min(max(-found.get("balance", 0), 0), most)
        if used:
            self._transact(customer, used, "usd", {}, "applied_to_invoice")
        for grant in self.grants:
            if grant["customer"] == customer and self.available(grant):
                self._move(grant, min(most, self.available(grant)), "credits_applied")
                break

    def is_deleted(self, customer: str) -> bool:
        return bool(self.customers.get(customer, {}).get("deleted"))

    # ---- what is asked

    def ask(self, method: str, path: str, asked: Thing, key: str | None, fail: bool) -> Answer:
        """The answer to one request; `fail` makes it a 500 after the effect, which is stored."""
        if method == "get":
            return self._answer(method, path, asked)
        known = self._keys.get(key or "")
        if known and self.now() - known[0] < KEYS_ARE_KEPT:
            _, where, what, answer = known
            if (where, what) != (path, asked):
                error = {"type": "idempotency_error", "message": "keys for other parameters"}
                return 400, {"error": error}
            return answer
        answer = self._answer(method, path, asked)
        if fail:
            answer = 500, {"error": {"type": "api_error", "message": "An unknown error"}}
        if key and answer[0] not in (400, 404):
            # What fails validation was never begun, and is not stored.
            self._keys[key] = (self.now(), path, asked, answer)
        return answer

    def store_failure(self, path: str, asked: Thing, key: str) -> Answer:
        """A 500 without any effect, which is given again for the key."""
        failed = 500, {"error": {"type": "api_error", "message": "An unknown error"}}
        known = self._keys.get(key)
        if known is None or self.now() - known[0] >= KEYS_ARE_KEPT:
            self._keys[key] = (self.now(), path, asked, failed)
        return failed

    def _answer(self, method: str, path: str, asked: Thing) -> Answer:
        try:
            return 200, self._route(method, path.removeprefix("/v1/").split("/"), asked)
        except Refusal as refusal:
            return refusal.status, {"error": refusal.error}

    def _route(self, method: str, path: list[str], asked: Thing) -> Thing:  # noqa: PLR0911
        if self.refusal:
            raise Refusal(400, message=self.refusal)
        match method, path:
            case "get", ["customers", customer]:
                return self._customer(customer, deleted_too=True)
            case "post", ["customers", customer, "balance_transactions"]:
                self._customer(customer)
                amount, currency = int(asked["amount"]), asked["currency"]
                return self._transact(customer, amount, currency, asked.get("metadata", {}))
            case "get", ["customers", customer, "balance_transactions"]:
                self._customer(customer)
                since = int(asked.get("created", {}).get("gte", 0))
                own = [one for one in self.transactions if one["customer"] == customer]
                return _page([one for one in own if one["created"] >= since], asked)
            case "post", ["billing", "credit_grants"]:
                return self._grant(asked)
            case "get", ["billing", "credit_grants"]:
                self._customer(asked["customer"])
                own = [one for one in self.grants if one["customer"] == asked["customer"]]
                return _page(own, asked)
            case "post", ["billing", "credit_grants", grant, "expire"]:
                return self._expire(grant)
            case "get", ["billing", "credit_grants", grant]:
                return next(one for one in self.grants if one["id"] == grant)
            case "get", ["billing", "credit_balance_transactions"]:
                self._customer(asked["customer"], deleted_too=True)
                about = asked.get("credit_grant")
                own = [one for one in self.movements if one["customer"] == asked["customer"]]
                return _page([o for o in own if about in (None, o["credit_grant"])], asked)
        raise AssertionError(f"nothing is known of {method} {path}")

    def _customer(self, customer: str, *, deleted_too: bool = False) -> Thing:
        found = self.customers.get(customer)
        if found is None or (found.get("deleted") and not deleted_too):
            raise Refusal(404, code="resource_missing", message=f"No such customer: '{customer}'")
        return found

    def _transact(
        self,
        customer: str,
        amount: int,
        currency: str,
        metadata: Thing,
        kind: str = "adjustment",
    ) -> Thing:
        owner = self.customers[customer]
        if owner.setdefault("currency", currency) != currency:
            raise Refusal(400, message="You cannot combine currencies on a single customer.")
        owner["balance"] += amount
        made = {
            "id": f"cbtxn_{next(self._numbers)}",
            "object": "customer_balance_transaction",
            "customer": customer,
            "amount": amount,
            "currency": currency,
            "created": int(self.now().timestamp()),
            "metadata": metadata,
            "type": kind,
        }
        self.transactions.append(made)
        return made

    def _grant(self, asked: Thing) -> Thing:
        self._customer(asked["customer"])
        money = asked["amount"]["monetary"]
        if int(money["value"]) < 1:
            raise Refusal(400, message="Invalid positive integer")
        expires = asked.get("expires_at")
        if expires and int(expires) <= self.now().timestamp():
            raise Refusal(400, message="expires_at must be in the future")
        made = {
            "id": f"credgr_{next(self._numbers)}",
            "object": "billing.credit_grant",
            "customer": asked["customer"],
            "amount": {
                "type": "monetary",
                "monetary": {"currency": money["currency"], "value": int(money["value"])},
            },
            "category": asked.get("category", "paid"),
            "applicability_config": asked["applicability_config"],
            "expires_at": int(expires) if expires else None,
            "voided_at": None,
            "created": int(self.now().timestamp()),
            "metadata": asked.get("metadata", {}),
        }
        self.grants.append(made)
        return made

    def available(self, grant: Thing) -> int:
        """What of a grant is neither used nor at its end."""
        moved = sum(
            one["debit"]["amount"]["monetary"]["value"]
            for one in self.movements
            if one["credit_grant"] == grant["id"]
        )
        return int(grant["amount"]["monetary"]["value"]) - moved

    def used(self, grant: Thing) -> int:
        """What of a grant invoices used."""
        return sum(
            one["debit"]["amount"]["monetary"]["value"]
            for one in self.movements
            if one["credit_grant"] == grant["id"] and one["debit"]["type"] == "credits_applied"
        )

    def _expire(self, identity: str) -> Thing:
        found = next((one for one in self.grants if one["id"] == identity), None)
        if found is None:
            raise Refusal(404, code="resource_missing", message="No such credit grant")
        ended = found["expires_at"]
        if ended and ended <= self.now().timestamp():
            raise Refusal(400, message="This credit grant has already expired.")
        self._end(found)
        found["expires_at"] = int(self.now().timestamp())
        return found

    def end_what_is_over(self) -> None:
        """Credits whose time is up expire by themselves."""
        for grant in self.grants:
            ended = grant["expires_at"]
            if ended and ended <= self.now().timestamp():
                self._end(grant)

    def _end(self, grant: Thing) -> None:
        if left := self.available(grant):
            self._move(grant, left, "credits_expired")

    def _move(self, grant: Thing, value: int, kind: str) -> None:
        money = {"currency": grant["amount"]["monetary"]["currency"], "value": value}
        self.movements.append(
            {
                "id": f"cbtxn_{next(self._numbers)}",
                "object": "billing.credit_balance_transaction",
                "type": "debit",
                "credit_grant": grant["id"],
                "customer": grant["customer"],
                "created": int(self.now().timestamp()),
                "debit": {"type": kind, "amount": {"type": "monetary", "monetary": money}},
            }
        )


def _page(newest_last: list[Thing], asked: Thing) -> Thing:
    data, size = newest_last[::-1], int(asked.get("limit", 10))
    if after := asked.get("starting_after"):
        data = data[[one["id"] for one in data].index(after) + 1 :]
    return {"object": "list", "data": data[:size], "has_more": len(data) > size, "url": "/v1/x"}


# What befalls a request: a status with or without effect, or an exception.
LOST_REQUEST, LOST_ANSWER, FAILS_AFTER, FAILS_BEFORE, BUSY, OVERLOADED = (
    "lost request",
    "lost answer",
    "500 after the effect",
    "500 without an effect",
    "429",
    "503 that nothing stores",
)
FATES = (LOST_REQUEST, LOST_ANSWER, FAILS_AFTER, FAILS_BEFORE, BUSY, OVERLOADED)


class Wire(stripe.HTTPClient):
    """The SDK's way to an account; `before` tells what befalls each request, None for nothing."""

    name = "wire"

    def __init__(
        self, account: StripeAccount, before: Callable[[str, str], str | None] = lambda *_: None
    ) -> None:
        super().__init__()
        self.account = account
        self.before = before
        self.asked: list[str] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        parts = urlsplit(url)
        self.asked.append(f"{method} {parts.path}")
        asked = _nested(parse_qsl(post_data or parts.query, keep_blank_values=True))
        status, answer = self._outcome(method, parts.path, asked, headers.get("Idempotency-Key"))
        return json.dumps(answer), status, {"request-id": "req_1"}

    def _outcome(self, method: str, path: str, asked: Thing, key: str | None) -> Answer:
        fate = self.before(method, path)
        if fate == LOST_REQUEST:
            raise stripe.APIConnectionError("the request was lost")
        if fate == BUSY:
            return 429, {"error": {"type": "invalid_request_error", "message": "Too many"}}
        if fate == OVERLOADED or (fate in (FAILS_BEFORE, FAILS_AFTER) and method == "get"):
            return 503, {"error": {"type": "api_error", "message": "sk_live_nobody is told"}}
        if fate == FAILS_BEFORE:
            return self.account.store_failure(path, asked, key or "")
        answer = self.account.ask(method, path, asked, key, fail=fate == FAILS_AFTER)
        if fate == LOST_ANSWER:
            raise stripe.APIConnectionError("the answer was lost")
        return answer

    def close(self) -> None:
        pass


def _nested(pairs: list[tuple[str, str]]) -> Thing:
    """`a[b][c]=1` as {"a": {"b": {"c": "1"}}}."""
    found: Thing = {}
    for name, value in pairs:
        first, *rest = name.replace("]", "").split("[")
        place = found
        for inner in [first, *rest][:-1]:
            place = place.setdefault(inner, {})
        place[[first, *rest][-1]] = value
    return found
