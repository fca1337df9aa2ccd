"""The backend that the operator chose, ready to be asked; only recovery needs one."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from referrals.acts.ordering import Backend, Outside
from referrals.edge import clock
from referrals.edge.credits_settings import HTTP, STRIPE_BALANCE, STRIPE_CREDIT_GRANTS
from referrals.edge.settings import settings
from referrals.rules.outside import Undone

if TYPE_CHECKING:
    from stripe import StripeClient

    from referrals.acts.recount.outside import Books
    from referrals.edge.http_credits import Poster
    from referrals.edge.stripe_balance import StripeBalance
    from referrals.edge.stripe_credit_grants import StripeCreditGrants
    from referrals.edge.stripe_orders import Account


def outside() -> Outside | None:
    """Where credits go, for one run; None where the ledger keeps them."""
    make = _BACKENDS.get(settings().credits.backend)
    return Outside(make()) if make else None


def books() -> "Books | None":
    """Where credits go, to be read; None for the ledger, and where there is nothing to read."""
    make = _BOOKS.get(settings().credits.backend)
    return make() if make else None


def _stripe_balance() -> "StripeBalance":
    from referrals.edge.stripe_balance import StripeBalance

    chosen = settings().credits
    return StripeBalance(_account(), chosen.per_credit, chosen.currency)


def _stripe_credit_grants() -> "StripeCreditGrants":
    from referrals.edge.stripe_credit_grants import StripeCreditGrants

    chosen = settings().credits
    return StripeCreditGrants(
        _account(),
        chosen.per_credit,
        chosen.currency,
        kept=chosen.kept,
        prices=chosen.prices,
        now=clock.now,
    )


def _http() -> Backend:
    from referrals.edge.http_credits import HttpCredits

    chosen = settings()
    return HttpCredits(chosen.credits.url, lambda: chosen.credits_secrets, sender(), clock.now)


@cache
def sender() -> "Poster":
    """One for the process: what it must trust takes a while to read."""
    from referrals.edge.http_credits import LONGEST_ANSWER
    from referrals.edge.webhook_sender import Sender

    return Sender(here=settings().here, reads=LONGEST_ANSWER)


_BOOKS: dict[str, Callable[[], "StripeBalance | StripeCreditGrants"]] = {
    STRIPE_BALANCE: _stripe_balance,
    STRIPE_CREDIT_GRANTS: _stripe_credit_grants,
}
_BACKENDS: dict[str, Callable[[], Backend]] = {**_BOOKS, HTTP: _http}


def _account() -> "Account":
    from referrals.edge.stripe_orders import Account

    return Account(_stripe, settings().stripe_scope.account)


def _stripe() -> "StripeClient":
    from referrals.edge import stripe_api

    api_key = settings().stripe.api_key
    if not api_key:
        raise Undone("the Stripe secret holds no API key", down=True)
    return stripe_api.client(api_key)
