"""The sweep with credits outside: recovery's calls meet each fault, the ledger is what is there.

In each run the outside begins empty: what comes before the request asks nothing of it.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    """Recovery of a payment's grants at each outside; the referrer has no customer yet."""
    from tests.proof.cases import LINKED, PAID

    return {
        f"recovery, {backend}": Case(
            "recover_grants",
            Invoke("recover_grants"),
            (LINKED, PAID),
            {"CREDITS_BACKEND": backend, **environment},
            timedelta(minutes=10),
        )
        for backend, environment in BACKENDS.items()
    }


class OutsideSweep(Sweep):
    """A sweep beside an outside of its own for each run."""

    def run(self, script: Script) -> Outcome:
        from tests.proof.cases import CUSTOMER

        def now() -> datetime:
            return clock.now()

        account, product = StripeAccount(now), Product(now)
        account.add(CUSTOMER)
        self._outside = account, product
        with _beside(account, product):
            return super().run(script)

    def also_wrong(self, world: Scripted) -> list[str]:
        account, product = self._outside
        table = world.actor.process.table
        if self.case.environment["CREDITS_BACKEND"] == "http":
            return differences_of_product(table, product)
        return differences(table, account)


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
