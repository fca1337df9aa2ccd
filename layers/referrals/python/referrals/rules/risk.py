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


# What a rule compares, by the name that it has on both sides.
_SHARED = {
    "same_stripe_customer": "customers",
    "same_card": "cards",
    "same_ip": "ips",
    "same_email": "emails",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule on one referral: whether it holds and what it saw, in numbers alone.

    `referrer` and `referred` are how much is known of either side, `shared` how much of both;
    `signups` are the referrer's in the 24 hours up to this one, counted to one beyond `limit`.
    """

    rule: str
    holds: bool
    referrer: int | None = None
    referred: int | None = None
    shared: int | None = None
    signups: int | None = None
    limit: int | None = None


def findings(facts: RiskFacts) -> tuple[Finding, ...]:
    """What every rule makes of a referral, enabled or not, in the table's order."""
    return tuple(
        Finding(rule=name, holds=holds(facts), **_seen(name, facts))
        for name, holds in RISK_RULES.items()
    )


def _seen(rule: str, facts: RiskFacts) -> dict[str, int]:
    if rule == SIGNUP_VELOCITY:
        return {"signups": facts.recent_signups, "limit": facts.velocity_limit}
    if rule not in _SHARED:
        return {}
    one, other = (getattr(side, _SHARED[rule]) for side in (facts.referrer, facts.referred))
    return {"referrer": len(one), "referred": len(other), "shared": len(one & other)}


def flags(facts: RiskFacts, enabled: frozenset[str]) -> tuple[str, ...]:
    """The names of the enabled rules that hold, in the table's order."""
    return tuple(name for name, holds in RISK_RULES.items() if name in enabled and holds(facts))
