"""What the risk rules look at: both sides of a referral, read side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.facts import CustomerFacts
from referrals.rules.ids import attribution_id
from referrals.rules.programme import Programme
from referrals.rules.risk import DISPOSABLE_EMAIL, Person, RiskFacts
from referrals.rules.times import timestamp
from referrals.store import attributions, keys, profiles
from referrals.store.items import attribution_from

VELOCITY_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Evidence:
    """Both sides of a referral as the table knows them; of the referrer, the signups of the day,
    as far as they matter, and whether the month is full."""

    referrer: Person
    referred: Person
    recent_signups: int
    month_full: bool


def gather(
    table: Table, secret: bytes, attribution: Attribution, programme: Programme, month: str
) -> Evidence:
    """The evidence of one referral, in one round trip."""
    month_key = keys.monthly_rewards(attribution.referrer_user_id, month)
    own = keys.attribution(attribution_id(secret, attribution.referrer_user_id))
    referrer_key = keys.profile(attribution.referrer_user_id)
    referred_key = keys.profile(attribution.referred_user_id)
    items, recent = together(
        lambda: table.get_many([own, referrer_key, referred_key, month_key]),
        lambda: _recent_signups(table, attribution, programme.velocity_limit),
    )
    referrer = profiles.person_from(items.get(referrer_key))
    if own in items:
        referrer = _joined(referrer, _as_signed_up(attribution_from(items[own])))
    referred = profiles.person_from(items.get(referred_key))
    referred = _joined(referred, _as_signed_up(attribution))
    full = attributions.month_full(items.get(month_key), programme.monthly_cap)
    return Evidence(referrer, referred, recent, month_full=full)


def weighed(
    evidence: Evidence,
    secret: bytes,
    attribution: Attribution,
    told: Sequence[CustomerFacts],
    programme: Programme,
) -> RiskFacts:
    """The evidence and what Stripe told of the customers, as the risk rules look at them."""
    referrer, referred = evidence.referrer, evidence.referred
    for facts in told:
        itself = Person(customers=frozenset({facts.customer_id}))
        # A user and their tombstone, both of whom an erasure knows for a moment, lead to one id.
        if {attribution_id(secret, user_id) for user_id in facts.user_ids} - {attribution.id}:
            # Whoever else the customer is: one payment must not pay out for two people unseen.
            referrer = _joined(referrer, itself)
        referred = _joined(referred, replace(itself, cards=facts.cards, emails=facts.emails))
    return RiskFacts(
        referrer=referrer,
        referred=referred,
        disposable_email=DISPOSABLE_EMAIL in attribution.signup_flags,
        recent_signups=evidence.recent_signups,
        velocity_limit=programme.velocity_limit,
    )


def _recent_signups(table: Table, attribution: Attribution, limit: int) -> int:
    """The referrer's signups of the day that ends with this one: the same at any later time.

    One more than the limit is all that the rule asks about: a referrer may have a million.
    """
    prefix = keys.REFERRAL_PREFIX
    start = prefix + timestamp(attribution.created_at - VELOCITY_WINDOW)
    end = f"{prefix}{timestamp(attribution.created_at)}#~"
    made = table.query(
        keys.user(attribution.referrer_user_id), between=(start, end), page=limit + 1
    )
    return sum(1 for _ in islice(made, limit + 1))


def _as_signed_up(attribution: Attribution) -> Person:
    return Person(
        customers=_one(attribution.stripe_customer_id),
        ips=_one(attribution.ip_hash),
        emails=_one(attribution.email_hash),
    )


def _one(value: str | None) -> frozenset[str]:
    return frozenset() if value is None else frozenset({value})


def _joined(one: Person, other: Person) -> Person:
    return Person(
        customers=one.customers | other.customers,
        cards=one.cards | other.cards,
        ips=one.ips | other.ips,
        emails=one.emails | other.emails,
    )
