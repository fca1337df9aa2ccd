"""Where credits go, as the operator chose: checked when a process starts, not when money moves."""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from referrals.rules.programme import Programme

LEDGER = "ledger"
STRIPE_BALANCE = "stripe_balance"
STRIPE_CREDIT_GRANTS = "stripe_credit_grants"
HTTP = "http"
BACKENDS = (LEDGER, STRIPE_BALANCE, STRIPE_CREDIT_GRANTS, HTTP)

_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,9})?")
_CURRENCY = re.compile(r"[a-z]{3}")


@dataclass(frozen=True)
class CreditsSettings:
    """The backend, and at Stripe what a credit is worth in the currency's minor units.

    Of credit grants also for how long they are kept, None for ever, and for which prices. Of the
    product's own billing its URL.
    """

    backend: str
    per_credit: Fraction = Fraction(0)
    currency: str = ""
    kept: timedelta | None = None
    prices: tuple[str, ...] = ()
    url: str = ""

    @property
    def outside(self) -> str | None:
        """The backend's name; None for the ledger."""
        return None if self.backend == LEDGER else self.backend


def credits_settings() -> CreditsSettings:
    """As the environment says. ValueError names the parameter that is wrong or missing."""
    backend = os.environ.get("CREDITS_BACKEND") or LEDGER
    if backend not in BACKENDS:
        raise ValueError(f"CREDITS_BACKEND must be one of {', '.join(BACKENDS)}")
    amount, currency = os.environ.get("CREDIT_AMOUNT", ""), os.environ.get("CREDIT_CURRENCY", "")
    if backend == LEDGER:
        return CreditsSettings(backend)
    if backend == HTTP:
        return CreditsSettings(backend, url=_url())
    if not _AMOUNT.fullmatch(amount) or not Fraction(amount):
        raise ValueError(f"CREDIT_AMOUNT must be above 0 with CREDITS_BACKEND={backend}")
    if not _CURRENCY.fullmatch(currency):
        raise ValueError(f"CREDIT_CURRENCY must be as usd with CREDITS_BACKEND={backend}")
    days = int(os.environ.get("CREDIT_EXPIRY_DAYS") or 0)
    prices = os.environ.get("CREDIT_PRICES", "").split(",")
    return CreditsSettings(
        backend,
        Fraction(amount),
        currency,
        kept=timedelta(days=days) if days else None,
        prices=tuple(price.strip() for price in prices if price.strip()),
    )


def _url() -> str:
    from referrals.rules.errors import InvalidRequest
    from referrals.rules.webhook_urls import checked

    here = os.environ.get("ENVIRONMENT") == "local"
    try:
        return checked(os.environ.get("CREDITS_URL", ""), here=here)
    except InvalidRequest as wrong:
        (told,) = wrong.errors
        raise ValueError(f"CREDITS_URL, with CREDITS_BACKEND={HTTP}: {told['message']}") from wrong


def check(chosen: CreditsSettings, programme: Programme) -> None:
    """ValueError where a reward would be worth nothing outside."""
    for credits in (programme.referrer_credits, programme.referred_credits):
        if chosen.per_credit and credits and credits * chosen.per_credit < 1:
            raise ValueError(f"CREDIT_AMOUNT makes {credits} credits worth less than one unit")
