"""The backend that the operator chose, ready to be asked; only recovery needs one."""

from referrals.acts.ordering import Backend, Outside
from referrals.edge.credits_settings import LEDGER
from referrals.edge.settings import settings


def outside() -> Outside | None:
    """Where credits go, for one run; None where the ledger keeps them."""
    if settings().credits.backend == LEDGER:
        return None
    return Outside(_stripe_balance())


def _stripe_balance() -> Backend:
    from referrals.edge.stripe_balance import StripeBalance
    from referrals.edge.stripe_orders import Account

    chosen = settings().credits
    account = Account(lambda: settings().stripe.api_key, settings().stripe_scope.account)
    return StripeBalance(account, chosen.per_credit, chosen.currency)
