"""A page of items: what there is to compare, and what of it differs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from referrals.acts.recount import funnel, people, referrals
from referrals.acts.recount.funnel import Hours, Sum
from referrals.acts.recount.lasting import lasting
from referrals.acts.recount.referrals import Booked
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.store import funnel_counts, keys

# What of an item says what there is to compare; what it holds is read when it is compared.
ATTRIBUTES = ("pk", "sk", "attribution_id")
_DAY_OF = len("2026-11-20")


@dataclass
class _Named:
    """What the items of a page name."""

    attributions: set[str] = field(default_factory=set)
    bookings: set[Booked] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    booked: set[str] = field(default_factory=set)
    referrers: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    sums: set[Sum] = field(default_factory=set)
    days: set[Hours] = field(default_factory=set)


def differences(table: Table, secret: bytes, items: Sequence[Item], after: Key | None) -> set[str]:
    """What differs of all that a page names, in sentences; `after` is the last item before it."""
    named = _named(items, after)
    accounts = named.accounts | people.without_account(table, named.booked - named.accounts)
    return {
        *lasting(table, secret, referrals.of_attributions, named.attributions),
        *lasting(table, secret, referrals.of_bookings, named.bookings),
        *lasting(table, secret, people.of_accounts, accounts),
        *lasting(table, secret, people.of_referrers, named.referrers),
        *lasting(table, secret, people.of_codes, named.codes),
        *lasting(table, secret, funnel.of_sums, named.sums),
        *lasting(table, secret, funnel.of_hours, funnel.without_signups(table, named.days)),
    }


def _named(items: Sequence[Item], after: Key | None) -> _Named:
    named = _Named()
    for item in items:
        pk, sk = item["pk"], item["sk"]
        if sk == keys.ATTRIBUTION:
            named.attributions.add(keys.attribution_id_of(pk))
        elif sk == keys.credits("").sk:
            named.accounts.add(pk.removeprefix(keys.credits("").pk))
        elif pk.startswith(keys.user("")):
            _of_user(named, item, after)
        elif pk.startswith(keys.REFERRER_PREFIX):
            named.codes.add(pk.removeprefix(keys.REFERRER_PREFIX).rsplit("#", 1)[0])
        elif sk.startswith(keys.COHORTS_PREFIX):
            _of_counts(named, Key(pk, sk))
    return named


def _of_user(named: _Named, item: Item, after: Key | None) -> None:
    pk, sk = item["pk"], item["sk"]
    user = pk.removeprefix(keys.user(""))
    if sk.startswith(keys.LEDGER_PREFIX):
        key = sk.removeprefix(keys.LEDGER_PREFIX)
        named.bookings.add(Booked(user, key, item["attribution_id"]))
        named.booked.add(user)
    elif sk.startswith((keys.REFERRAL_PREFIX, keys.REWARDS_PREFIX)) and not (
        # Whose list goes on from the page before was compared with it.
        after is not None and after.pk == pk and after.sk >= keys.REFERRAL_PREFIX
    ):
        named.referrers.add(user)


def _of_counts(named: _Named, place: Key) -> None:
    if place.pk.startswith(keys.COUNTS_PREFIX):
        shard = funnel_counts.Shard.of(place)
        named.days.add(Hours(shard.day, campaign=shard.campaign))
        return
    holder = place.pk.removeprefix(keys.funnel(""))
    campaign = place.sk.removeprefix(keys.COHORTS_PREFIX)
    named.sums.add(Sum(campaign, holder))
    if len(holder) == _DAY_OF:
        named.days.add(Hours(date.fromisoformat(holder), campaign=campaign))
