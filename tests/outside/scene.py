"""A programme whose credits are outside: its table, what is outside, and one clock for both."""

from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import stripe

from referrals.acts import recovery
from referrals.acts.ordering import Outside
from referrals.acts.recount import outside as recount
from referrals.acts.recount.lasting import lasting
from referrals.edge.http_credits import HttpCredits
from referrals.edge.stripe_balance import StripeBalance
from referrals.edge.stripe_credit_grants import StripeCreditGrants
from referrals.edge.stripe_orders import Account
from referrals.rules.attribution import Attribution
from referrals.rules.facts import CustomerLinked
from referrals.rules.programme import Programme
from tests.outside.books import differences, differences_of_product
from tests.outside.product import SECRET as PRODUCT_SECRET
from tests.outside.product import URL, Product
from tests.outside.stripe_account import StripeAccount, Wire
from tests.samples import NOW, SECRET, actor, charge, dispute
from tests.store.scene import Scene
from tests.tables import direct_table

PER_CREDIT = Fraction("0.1")
KEPT = timedelta(days=365)
_HOUR = timedelta(hours=1)


class OutsideScene(Scene):
    """`ref` refers; a reward of 10,000 credits is worth 1,000 cents at Stripe.

    `wire` is the way to whatever is outside: it says what befalls a request and what was asked.
    """

    def __init__(self, backend: str = "stripe_balance", **programme: Any) -> None:
        super().__init__(Programme(credits_backend=backend, **programme), direct_table())
        self.at = NOW
        self.account = StripeAccount(lambda: self.at)
        self.product = Product(lambda: self.at)
        self.product.add("ref")
        self.in_product = backend == "http"
        self.wire = self.product if self.in_product else Wire(self.account)
        self.backend = self._backend(backend)

    def _backend(self, name: str) -> StripeBalance | StripeCreditGrants | HttpCredits:
        if isinstance(self.wire, Product):
            return HttpCredits(URL, lambda: (PRODUCT_SECRET,), self.wire, lambda: self.at)
        client = stripe.StripeClient("sk_test_x", http_client=self.wire, max_network_retries=0)
        account = Account(lambda: client)
        if name == "stripe_balance":
            return StripeBalance(account, PER_CREDIT, "usd")
        return StripeCreditGrants(
            account, PER_CREDIT, "usd", kept=KEPT, prices=(), now=lambda: self.at
        )

    def later(self, by: timedelta = _HOUR) -> None:
        self.at += by
        self.account.end_what_is_over()

    def link(self, user_id: str) -> str:
        customer = f"cus_{user_id}"
        self.account.add(customer)
        self.tell(CustomerLinked(customer_id=customer, user_id=user_id), at=self.at)
        return customer

    def paid(self, user_id: str = "new") -> Attribution:
        """A referral that has qualified, and for which nothing was done outside yet."""
        self.product.add(user_id)
        self.sign_up(user_id, at=self.at)
        self.link(user_id)
        paid = {"charge_id": f"ch_{user_id}", "payment_intent_id": f"pi_{user_id}"}
        return self.pay(user_id, at=self.at, **paid)

    def claim(self, amount: int, user_id: str = "new", **dispute_too: Any) -> None:
        """So much of the payment is refunded, all in all."""
        told = charge(charge_id=f"ch_{user_id}", customer_id=f"cus_{user_id}", refunded=amount)
        self.tell(told, at=self.at)

    def disputed(self, user_id: str = "new", **state: Any) -> None:
        told = dispute(dispute_id=f"dp_{user_id}", charge_id=f"ch_{user_id}", **state)
        self.tell(told, at=self.at)

    def recovered(self, *, ignore_backoff: bool = True, limit: int = 50) -> recovery.Recovery:
        return recovery.recover(
            self.table,
            limit,
            self.programme,
            actor(self.at),
            ignore_backoff=ignore_backoff,
            outside=Outside(self.backend),
        )

    def spend(self, user_id: str, credits: int) -> None:
        """The user uses credits outside, as many as there are up to so many."""
        if self.in_product:
            self.product.spend(user_id, credits)
        else:
            self.account.spend(f"cus_{user_id}", int(credits * PER_CREDIT))

    def delete(self, user_id: str) -> None:
        """The user, or their customer, is deleted outside."""
        self.product.delete(user_id)
        if f"cus_{user_id}" in self.account.customers:
            self.account.delete(f"cus_{user_id}")

    def credits(self, user_id: str) -> int:
        """What the user has outside."""
        return self.product.credits(user_id) if self.in_product else 10 * self.credit(user_id)

    def effects(self) -> int:
        """How many things were done outside."""
        if self.in_product:
            return len(self.product.kept())
        return len(self.account.grants) + len(self.account.transactions)

    def credit(self, user_id: str) -> int:
        """What the user has at Stripe, in cents."""
        found = self.account.customers[f"cus_{user_id}"]
        grants = [one for one in self.account.grants if one["customer"] == found["id"]]
        return -found.get("balance", 0) + sum(map(self.account.available, grants))

    def told(self) -> list[str]:
        """What the daily recount says of the ledger and what is at Stripe."""
        if isinstance(self.backend, HttpCredits):
            return []
        items, _ = self.table.scan_page(None, 10_000, recount.ATTRIBUTES)
        users = recount.users_of(items, self.backend)
        look = partial(recount.of_users, self.backend)
        return sorted(lasting(self.table, SECRET, look, users))

    def differences(self) -> list[str]:
        """What is not as it should be, in the table or between the ledger and the outside."""
        if self.in_product:
            return [*self.broken(), *differences_of_product(self.table, self.product)]
        return [*self.broken(), *differences(self.table, self.account)]
