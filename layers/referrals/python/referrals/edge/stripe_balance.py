"""Credits as money on the customer's balance at Stripe, which the next invoices use up."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

from referrals.edge.stripe_orders import KEY, PAGE, Account
from referrals.rules import orders
from referrals.rules.attribution import Reward
from referrals.rules.outside import Done, Effect, Money, Order
from referrals.rules.times import CLOCK_SKEW

# Stripe's clock and ours may differ by so much, and a request may be on its way meanwhile.
_MARGIN = CLOCK_SKEW + timedelta(hours=1)


class StripeBalance:
    """One transaction on the customer's balance for each booking, never changed afterwards."""

    name = "stripe_balance"
    of_customers = True

    def __init__(self, account: Account, per_credit: Fraction, currency: str) -> None:
        self._account = account
        self._per_credit = per_credit
        self._currency = currency

    def price(self, credits: int) -> Money:
        """Rounded down: a fraction of a cent is never granted."""
        return Money(amount=int(credits * self._per_credit), currency=self._currency)

    def left(self, reward: Reward) -> int:
        """What of the customer's credit, from whatever source, no invoice has used."""
        customer, currency = reward.customer or "", reward.currency
        with self._account.asked():
            found: Any = self._account.client.v1.customers.retrieve(
                customer, {"expand": ["invoice_credit_balance"]}, self._account.options()
            )
        told: dict[str, Any] = found.to_dict()
        # What is owed to the customer is below zero; who was deleted has no balance.
        usual = told.get("balance", 0) if told.get("currency") in (None, currency) else 0
        in_currencies = told.get("invoice_credit_balance") or {}
        return max(-int(in_currencies.get(currency, usual)), 0)

    def carry_out(self, reward: Reward, *, look_first: bool) -> Done:
        """Put the order's transaction on the balance, or find it there."""
        order, key = reward.order, orders.key(reward)
        assert order is not None
        customer, amount = order.customer or "", order.amount or 0
        with self._account.asked(customer):
            found = self._found(customer, key, order) if look_first else None
            made = found or self._account.client.v1.customers.balance_transactions.create(
                customer,
                {
                    "amount": amount if order.credits < 0 else -amount,
                    "currency": order.currency or self._currency,
                    "description": f"Referral credits: {order.kind}",
                    "metadata": {KEY: key, "attribution_id": reward.attribution_id},
                },
                self._account.options(orders.idempotency_key(reward)),
            )
        return Done(made.id, order.credits, Money(amount=abs(made.amount), currency=made.currency))

    def effects(self, customer: str) -> list[Effect]:
        """Every transaction on the balance that bears a booking's key."""
        with self._account.asked(customer):
            listed = self._account.client.v1.customers.balance_transactions.list(
                customer, {"limit": PAGE}, self._account.options()
            )
            told = [one.to_dict() for one in listed.auto_paging_iter()]
        return [
            Effect(
                key=one["metadata"][KEY],
                id=one["id"],
                attribution_id=one["metadata"].get("attribution_id", ""),
                worth=-one["amount"],
            )
            for one in told
            if KEY in (one.get("metadata") or {})
        ]

    def _found(self, customer: str, key: str, order: Order) -> Any:
        """The transaction with the key, if it was made since the order was written."""
        since = int((order.since - _MARGIN).timestamp())
        listed = self._account.client.v1.customers.balance_transactions.list(
            customer, {"created": {"gte": since}, "limit": PAGE}, self._account.options()
        )
        for one in listed.auto_paging_iter():
            if (one.to_dict().get("metadata") or {}).get(KEY) == key:
                return one
        return None
