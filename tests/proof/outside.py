"""The sweep with credits outside: recovery's calls meet each fault, the ledger is what is there.

Each run begins with the outside as it was when the request came.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import stripe
from ministack.core.iam_evaluator import parse_policy_document

from referrals.edge import clock, credits_backend, stripe_api
from tests.functions.running import SIGNING_SECRET
from tests.iam import guard, roles
from tests.outside.books import differences, differences_of_product
from tests.outside.product import SECRET, URL, Product
from tests.outside.stripe_account import StripeAccount, Wire
from tests.proof.sweep import Case, Invoke, Outcome, Script, Scripted, Sweep
from tests.simulation import world as worlds
from tests.template import template

_API_KEY = "rk_test_only"
_SECRETS = {
    "HashingSecret": worlds.SECRET,
    "StripeSecret": json.dumps({"signing_secrets": [SIGNING_SECRET], "api_key": _API_KEY}),
    "CreditsSecret": SECRET,
}
_AT_STRIPE = {"CREDIT_AMOUNT": "0.1", "CREDIT_CURRENCY": "usd"}
BACKENDS = {
    "stripe_balance": _AT_STRIPE,
    "stripe_credit_grants": _AT_STRIPE,
    "http": {"CREDITS_URL": URL, "CREDITS_SECRET": roles.arn("CreditsSecret")},
}
_POLICIES = {
    "recover_grants": ("CreditsAtStripePolicy", "AskStripePolicy", "CreditsInProductPolicy"),
    "reconcile": ("AskStripePolicy",),
}


def cases() -> dict[str, Case]:
    """Recovery of a payment's grants, and of a part of its refund; the referrer has no customer."""
    from tests.proof.cases import LINKED, PAID, PARTLY_REFUNDED

    recovery = Invoke("recover_grants")
    before = {
        "recovery": (LINKED, PAID),
        "what a refund takes back": (LINKED, PAID, recovery, PARTLY_REFUNDED),
    }
    return {
        f"{name}, {backend}": Case(
            "recover_grants",
            recovery,
            deeds,
            {"CREDITS_BACKEND": backend, **environment},
            timedelta(minutes=10),
        )
        for name, deeds in before.items()
        for backend, environment in BACKENDS.items()
    }


class OutsideSweep(Sweep):
    """A sweep beside an outside of its own for each run."""

    def __init__(self, case: Case) -> None:
        from tests.proof.cases import CUSTOMER, USER

        self._begun = StripeAccount(_now), Product(_now)
        account, product = self._begun
        account.add(CUSTOMER)
        product.add(USER)
        with _beside(account, product):
            super().__init__(case)

    def run(self, script: Script) -> Outcome:
        self._outside = _as_it_was(*self._begun)
        with _beside(*self._outside):
            return super().run(script)

    def also_wrong(self, world: Scripted) -> list[str]:
        account, product = self._outside
        table = world.actor.process.table
        if self.case.environment["CREDITS_BACKEND"] == "http":
            return differences_of_product(table, product)
        return differences(table, account)


def _now() -> datetime:
    return clock.now()


def _as_it_was(account: StripeAccount, product: Product) -> tuple[StripeAccount, Product]:
    held = ("customers", "transactions", "grants", "movements", "_keys")
    again = replace(account, **{name: deepcopy(getattr(account, name)) for name in held})
    other = Product(_now)
    product.database.backup(other.database)
    return again, other


@contextmanager
def _beside(account: StripeAccount, product: Product) -> Iterator[None]:
    """What functions reach outside, by the policies of a deploy that sends credits there."""
    client = stripe.StripeClient(_API_KEY, http_client=Wire(account), max_network_retries=0)
    usual = roles.statements

    def statements(function: str) -> list[Any]:
        documents = (
            template()["Resources"][one]["Properties"]["PolicyDocument"]
            for one in _POLICIES.get(function, ())
        )
        more = (parse_policy_document(roles.resolved(document)) for document in documents)
        return [*usual(function), *(one for some in more for one in some)]

    with ExitStack() as replaced:
        for place, name, value in (
            (stripe_api, "client", lambda _: client),
            (credits_backend, "sender", lambda: product),
            (worlds, "_SECRETS", _SECRETS),
            (guard, "statements", statements),
            (guard, "_weighed", {}),
        ):
            replaced.enter_context(patch.object(place, name, value))
        yield
