"""The programme's settings: what the operator may choose, and what holds otherwise."""

from dataclasses import dataclass
from datetime import timedelta

from referrals.rules.risk import RISK_RULES


@dataclass(frozen=True)
class Programme:
    """Durations in days, money in minor currency units, rewards in credits."""

    window_days: int = 30
    hold_days: int = 0
    monthly_cap: int = 10
    referrer_credits: int = 10_000
    referred_credits: int = 10_000
    minimum_paid_amount: int = 1
    reverse_automatically: bool = True
    risk_rules: frozenset[str] = frozenset(RISK_RULES)
    velocity_limit: int = 100
    # Where credits are granted; None is the ledger.
    credits_backend: str | None = None

    @property
    def window(self) -> timedelta:
        """How long after signup a first payment still counts."""
        return timedelta(days=self.window_days)

    @property
    def hold(self) -> timedelta:
        """How long a qualified reward waits before it is granted."""
        return timedelta(days=self.hold_days)
