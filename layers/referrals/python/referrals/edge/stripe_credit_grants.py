"""Credits as Stripe's billing credits, which metered prices use up.

A reward is held by one credit grant at a time. Stripe can end a grant but not shrink or revive
one, so a claim ends the grant and makes another of what is left to the user.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from referrals.edge.stripe_orders import KEY, PAGE, Account
from referrals.rules import orders
from referrals.rules.attribution import Reward
from referrals.rules.outside import Done, Effect, Money, Order, Undone
from referrals.rules.times import CLOCK_SKEW

if TYPE_CHECKING:
    from stripe.params.billing import (
        CreditBalanceTransactionListParams,
        CreditGrantCreateParams,
    )

_NAME = "Referral credits"


class StripeCreditGrants:
    """Promotional credit grants for all metered prices, or for some."""

    name = "stripe_credit_grants"
    of_customers = True

    def __init__(
        self,
        account: Account,
        per_credit: Fraction,
        currency: str,
        *,
        kept: timedelta | None,
        prices: tuple[str, ...],
        now: Callable[[], datetime],
    ) -> None:
        self._account = account
        self._per_credit = per_credit
        self._currency = currency
        self._kept = kept
        self._prices = prices
        self._now = now

    def price(self, credits: int) -> Money:
        """Rounded down: a fraction of a cent is never granted."""
        return Money(amount=int(credits * self._per_credit), currency=self._currency)

    def left(self, reward: Reward) -> int | None:
        """Nothing where the customer was deleted; else known for sure when the grant has ended."""
        with self._account.asked():
            return 0 if self._account.is_gone(reward.customer or "") else None

    def carry_out(self, reward: Reward, *, look_first: bool) -> Done:
        """Grant what was ordered, or replace the reward's grant by one of what is to be left."""
        order = reward.order
        assert order is not None
        with self._account.asked(order.customer):
            if order.kind == orders.GRANT:
                return self._granted(reward, order, look_first=look_first)
            return self._replaced(reward, order, look_first=look_first)

    def effects(self, customer: str) -> list[Effect]:
        """Every credit grant that bears a booking's key, and what invoices used of it."""
        with self._account.asked(customer):
            listed = self._account.client.v1.billing.credit_grants.list(
                {"customer": customer, "limit": PAGE}, self._account.options()
            )
            told = [one.to_dict() for one in listed.auto_paging_iter()]
            ours = [one for one in told if KEY in (one.get("metadata") or {})]
            used = self._used_of_each(customer) if ours else {}
        return [self._effect(one, used.get(one["id"], 0)) for one in ours]

    def _effect(self, grant: dict[str, Any], used: int) -> Effect:
        whole = grant["amount"]["monetary"]["value"]
        ended = grant["expires_at"] is not None and grant["expires_at"] <= self._now().timestamp()
        lives = not grant["voided_at"] and not ended
        return Effect(
            key=grant["metadata"][KEY],
            id=grant["id"],
            attribution_id=grant["metadata"].get("attribution_id", ""),
            worth=whole if lives else used,
            lapsed=whole - used if ended and not grant["voided_at"] else 0,
        )

    def _granted(self, reward: Reward, order: Order, *, look_first: bool) -> Done:
        end = self._end_of(order.since)
        made = self._made(reward, order, order.amount or 0, end, look_first=look_first)
        money = made.amount.monetary
        price = Money(amount=money.value, currency=money.currency) if money else order.price
        return Done(made.id, order.credits, price)

    def _replaced(self, reward: Reward, order: Order, *, look_first: bool) -> Done:
        held = self._ended(reward, reward.outside_id) if reward.outside_id else 0
        if order.credits < 0:
            credits = -orders.takeable(reward, -order.credits, held)
            rest = held - (orders.moved(reward, credits) or 0)
            begun = reward.credits_granted_at or order.since
            lapsed = self._kept is not None and begun + self._kept <= self._now()
        else:
            credits, rest, begun = order.credits, held + (order.amount or 0), order.since
            lapsed = False
        if rest <= 0 or lapsed:
            return Done(None, credits, empty=True)
        end = self._end_of(begun)
        return Done(self._made(reward, order, rest, end, look_first=look_first).id, credits)

    def _end_of(self, begun: datetime) -> int | None:
        """When credits end, the same at each try: a grant that comes too late gets another span."""
        if self._kept is None:
            return None
        spans = max((self._now() - begun) // self._kept, 0) + 1
        return int((begun + spans * self._kept).timestamp())

    def _made(
        self, reward: Reward, order: Order, amount: int, end: int | None, *, look_first: bool
    ) -> Any:
        """The credit grant of the order's key: found, or made."""
        customer, key = order.customer or "", orders.key(reward)
        if look_first and (found := self._found(customer, key)):
            return found
        scope: Any = {"price_type": "metered"}
        if self._prices:
            scope = {"prices": [{"id": price} for price in self._prices]}
        asked: CreditGrantCreateParams = {
            "customer": customer,
            "amount": {
                "type": "monetary",
                "monetary": {"currency": order.currency or self._currency, "value": amount},
            },
            "applicability_config": {"scope": scope},
            "category": "promotional",
            "name": _NAME,
            "metadata": {KEY: key, "attribution_id": reward.attribution_id},
        }
        if end is not None:
            asked["expires_at"] = end
        options = self._account.options(orders.idempotency_key(reward))
        return self._account.client.v1.billing.credit_grants.create(asked, options)

    def _found(self, customer: str, key: str) -> Any:
        listed = self._account.client.v1.billing.credit_grants.list(
            {"customer": customer, "limit": PAGE}, self._account.options()
        )
        for one in listed.auto_paging_iter():
            if (one.to_dict().get("metadata") or {}).get(KEY) == key:
                return one
        return None

    def _ended(self, reward: Reward, grant: str) -> int:
        """End a grant, if it has not ended yet; what of it no invoice has used."""
        import stripe

        grants = self._account.client.v1.billing.credit_grants
        with suppress(stripe.InvalidRequestError):
            grants.expire(grant, {}, self._account.options())
        found = grants.retrieve(grant, {}, self._account.options())
        soon = (self._now() + CLOCK_SKEW).timestamp()
        if not found.voided_at and (found.expires_at is None or found.expires_at > soon):
            raise Undone("Stripe did not end the credit grant")
        money = found.amount.monetary
        return (money.value if money else 0) - self._used(reward, grant)

    def _used(self, reward: Reward, grant: str) -> int:
        """What invoices used of a grant, less what they gave back."""
        return self._used_of_each(reward.customer or "", grant).get(grant, 0)

    def _used_of_each(self, customer: str, grant: str | None = None) -> dict[str, int]:
        """The same by grant: of a customer's all, or of one."""
        about: CreditBalanceTransactionListParams = {"customer": customer, "limit": PAGE}
        if grant is not None:
            about["credit_grant"] = grant
        listed = self._account.client.v1.billing.credit_balance_transactions.list(
            about, self._account.options()
        )
        used: dict[str, int] = defaultdict(int)
        for one in listed.auto_paging_iter():
            told: dict[str, Any] = one.to_dict()
            debit, credit = told.get("debit") or {}, told.get("credit") or {}
            if debit.get("type") == "credits_applied":
                used[told["credit_grant"]] += debit["amount"]["monetary"]["value"]
            if credit.get("type") == "credits_application_invoice_voided":
                used[told["credit_grant"]] -= credit["amount"]["monetary"]["value"]
        return used
