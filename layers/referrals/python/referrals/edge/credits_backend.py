"""The backend that the operator chose, ready to be asked; only recovery needs one."""

from typing import TYPE_CHECKING

from referrals.acts.ordering import Backend, Outside
from referrals.edge.credits_settings import LEDGER
from referrals.edge.settings import settings
from referrals.rules.outside import Undone

if TYPE_CHECKING:
    from stripe import StripeClient


def outside() -> Outside | None:
    """Where credits go, for one run; None where the ledger keeps them."""
    if settings().credits.backend == LEDGER:
        return None
    return Outside(_stripe_balance())


def _stripe_balance() -> Backend:
    from referrals.edge.stripe_balance import StripeBalance
    from referrals.edge.stripe_orders import Account

    chosen = settings().credits
    account = Account(_stripe, settings().stripe_scope.account)
    return StripeBalance(account, chosen.per_credit, chosen.currency)


def _stripe() -> "StripeClient":
    from referrals.edge import stripe_api

    api_key = settings().stripe.api_key
    if not api_key:
        raise Undone("the Stripe secret holds no API key", down=True)
    return stripe_api.client(api_key)
