"""Risk rules: a table of pure functions, each from the facts of a referral to yes or no."""

from collections.abc import Callable
from dataclasses import dataclass

DISPOSABLE_EMAIL = "disposable_email"
SIGNUP_VELOCITY = "signup_velocity"


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is known of one side; every value is a keyed hash or a Stripe id, never raw."""

    customers: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()
    ips: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class RiskFacts:
    """Both sides, and what signup saw. `recent_signups` counts the referrer's last 24 hours."""

    referrer: Person
    referred: Person
    disposable_email: bool = False
    recent_signups: int = 0
    velocity_limit: int = 100


RISK_RULES: dict[str, Callable[[RiskFacts], bool]] = {
    "same_stripe_customer": lambda facts: (
        not facts.referrer.customers.isdisjoint(facts.referred.customers)
    ),
    "same_card": lambda facts: not facts.referrer.cards.isdisjoint(facts.referred.cards),
    "same_ip": lambda facts: not facts.referrer.ips.isdisjoint(facts.referred.ips),
    "same_email": lambda facts: not facts.referrer.emails.isdisjoint(facts.referred.emails),
    DISPOSABLE_EMAIL: lambda facts: facts.disposable_email,
    SIGNUP_VELOCITY: lambda facts: facts.recent_signups > facts.velocity_limit,
}


def flags(facts: RiskFacts, enabled: frozenset[str]) -> tuple[str, ...]:
    """The names of the enabled rules that hold, in the table's order."""
    return tuple(name for name, holds in RISK_RULES.items() if name in enabled and holds(facts))
