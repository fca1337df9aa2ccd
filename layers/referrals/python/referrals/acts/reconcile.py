"""Reconciliation: the whole table recounted, every figure against what it is made of."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from referrals.acts import erasure
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules import life
from referrals.rules.attribution import Attribution, LedgerEntry
from referrals.rules.referrer import FIGURES, figures_of
from referrals.rules.times import timestamp
from referrals.store import funnel_counts, keys, referrer_counts
from referrals.store.items import attribution_from, ledger_from


@dataclass
class Books:
    """What the table holds, sorted for comparison."""

    attributions: dict[str, Attribution] = field(default_factory=dict)
    ledger: dict[str, list[LedgerEntry]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[str, Item] = field(default_factory=dict)
    monthly: Counter[tuple[str, str]] = field(default_factory=Counter)
    counts: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    of_code: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    referrals: set[Key] = field(default_factory=set)
    # Whoever a profile or a customer's link names, and the customers that are theirs.
    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tombstones: set[str] = field(default_factory=set)
    # Whose erasure is not finished, and what stands for them.
    erasing: dict[str, str] = field(default_factory=dict)

    def owner(self, user_id: str) -> str:
        """The user, or what will stand for them: an erasure under way knows them as both."""
        return self.erasing.get(user_id, user_id)


@dataclass(frozen=True)
class Reconciliation:
    """Every difference in a sentence, and what was seen to be left undone."""

    items: int
    differences: tuple[str, ...]
    unfinished_erasures: tuple[str, ...]
    named: Mapping[str, Set[str]]
    tombstones: Set[str]
    unsettled: tuple[str, ...]


def reconcile(table: Table) -> Reconciliation:
    """Recount everything. Writes nothing.

    A scan is no snapshot: what changes while it runs looks like a difference. So what differs
    is looked at twice, and only what differs in the same way both times is told.
    """
    found = _recount(table)
    if not found.differences:
        return found
    again = _recount(table)
    lasting = set(found.differences) & set(again.differences)
    return replace(again, differences=tuple(sorted(lasting)))


def _recount(table: Table) -> Reconciliation:
    books, count = Books(), 0
    for item in table.scan():
        _enter(books, item)
        count += 1
    differences = [
        *_accounts(books),
        *_grants(books),
        *_caps(books),
        *_funnel(books),
        *_referrers(books),
        *_pointers(books),
    ]
    return Reconciliation(
        items=count,
        differences=tuple(sorted(differences)),
        unfinished_erasures=tuple(books.erasing),
        named=books.named,
        tombstones=books.tombstones,
        unsettled=tuple(_unsettled(books)),
    )


def _enter(books: Books, item: Item) -> None:
    pk, sk = item["pk"], item["sk"]
    if sk == keys.ATTRIBUTION:
        attribution = attribution_from(item)
        books.attributions[attribution.id] = attribution
    elif sk.startswith(keys.LEDGER_PREFIX):
        entry = ledger_from(item)
        books.ledger[entry.user_id].append(entry)
    elif sk == keys.credits("").sk:
        books.accounts[pk.removeprefix(keys.credits("").pk)] = item
    elif sk.startswith(keys.REWARDS_PREFIX):
        owner = pk.removeprefix(keys.user("")), sk.removeprefix(keys.REWARDS_PREFIX)
        books.monthly[owner] = item["qualified"]
    elif sk.startswith(keys.COHORTS_PREFIX):
        _enter_counts(books, item)
    elif pk.startswith(keys.REFERRER_PREFIX):
        code, _ = pk.removeprefix(keys.REFERRER_PREFIX).rsplit("#", 1)
        books.of_code[code].append(item)
    elif sk.startswith(keys.REFERRAL_PREFIX):
        books.referrals.add(Key(pk, sk))
    else:
        _enter_person(books, item)


def _enter_counts(books: Books, item: Item) -> None:
    for place, numbers in funnel_counts.stored(item).items():
        books.counts[place].update(numbers)


def _enter_person(books: Books, item: Item) -> None:
    pk, sk = item["pk"], item["sk"]
    if sk == keys.LINK:
        for user_id in item.get("user_ids", ()):
            books.named[user_id].add(pk.removeprefix(keys.stripe("")))
    elif sk == keys.profile("").sk:
        # Named, if by no customer.
        books.named[pk.removeprefix(keys.profile("").pk)] |= set()
    elif sk == keys.tombstone("").sk:
        erased = pk.removeprefix(keys.tombstone("").pk)
        books.tombstones.add(erased)
        if user_id := erasure.unfinished(item):
            books.erasing[user_id] = erased


def _unsettled(books: Books) -> list[str]:
    """Customers whose user waits for a payment: worth another look."""
    found: set[str] = set()
    for attribution in books.attributions.values():
        if life.awaits_payment(attribution):
            found |= books.named.get(attribution.referred_user_id, set())
    return sorted(found)


def _accounts(books: Books) -> list[str]:
    """Sum of the ledger = balance and what was spent of it."""
    found = []
    for user_id in books.accounts.keys() | books.ledger.keys():
        account = books.accounts.get(user_id, {})
        balance, spent = account.get("balance", 0), account.get("spent", 0)
        booked = sum(entry.credits for entry in books.ledger.get(user_id, ()))
        if not isinstance(balance, int):
            found.append(f"account {user_id}: the balance is not a number")
        elif balance + spent != booked:
            found.append(
                f"account {user_id}: balance {balance} + spent {spent}, ledger says {booked}"
            )
        # Bookings move before what was spent of them.
        elif balance < 0 and user_id not in books.erasing:
            found.append(f"account {user_id}: balance {balance} is below zero")
    return found


def _grants(books: Books) -> list[str]:
    """Granted ⇔ credits_granted_at ⇔ ledger entry, and reversals as the reward says."""
    found = []
    entries = {
        (books.owner(user_id), entry.key): entry
        for user_id, many in books.ledger.items()
        for entry in many
    }
    taken: Counter[str] = Counter()
    grants = {place for place, entry in entries.items() if entry.kind == "grant"}
    for (_, key), entry in entries.items():
        if entry.kind != "grant":
            taken[key.split(":")[1]] -= entry.credits
    for attribution in books.attributions.values():
        for reward in attribution.rewards:
            place = (books.owner(reward.user_id), reward.credits_grant_key)
            booked = entries[place].credits if place in grants else None
            grants.discard(place)
            if (booked is None) is not reward.pending:
                found.append(f"reward {reward.id}: granted and ledger disagree")
            elif booked is not None and booked != reward.credits:
                found.append(f"reward {reward.id}: {reward.credits} owed, {booked} booked")
            if taken[reward.id] != reward.reversed_credits:
                found.append(f"reward {reward.id}: reversals and ledger disagree")
    found += [f"ledger {user_id} {key}: no reward knows this grant" for user_id, key in grants]
    return found


def _caps(books: Books) -> list[str]:
    """The month's counter = the referrer's slots in use."""
    in_use = Counter(
        (books.owner(one.referrer_user_id), one.cap_month)
        for one in books.attributions.values()
        if one.cap_month is not None
    )
    counted: Counter[tuple[str, str]] = Counter()
    for (user_id, month), number in books.monthly.items():
        counted[books.owner(user_id), month] += number
    return [
        f"referrer {user_id} in {month}: counter {counted[user_id, month]}, "
        f"slots in use {in_use[user_id, month]}"
        for user_id, month in in_use.keys() | counted.keys()
        if in_use[user_id, month] != counted[user_id, month]
    ]


def _funnel(books: Books) -> list[str]:
    """Stored counts = a recount of the attributions: of minutes, and of all they add up to."""
    recount: dict[Key, Counter[str]] = defaultdict(Counter)
    for attribution in books.attributions.values():
        for campaign in filter(None, (keys.EVERY_CAMPAIGN, attribution.utm_campaign)):
            for place, numbers in funnel_counts.recounted(campaign, attribution).items():
                recount[place].update(numbers)
    return [
        f"funnel of {campaign} at {period}: stored {stored}, recounted {counted}"
        for place in sorted(recount.keys() | books.counts.keys())
        for campaign, period, stored, counted in funnel_counts.differences(
            place, books.counts.get(place, Counter()), recount.get(place, Counter())
        )
    ]


def _referrers(books: Books) -> list[str]:
    """The stored counts of each code = a recount of its attributions."""
    recount: dict[str, Counter[str]] = defaultdict(Counter)
    for attribution in books.attributions.values():
        recount[attribution.code] += figures_of(attribution)
    found = []
    for code in recount.keys() | books.of_code.keys():
        stored = referrer_counts.total(books.of_code.get(code, ()))
        counted = {name: recount[code][name] for name in FIGURES}
        if stored != counted:
            found.append(f"referrer of {code}: stored {stored}, recounted {counted}")
    return found


def _pointers(books: Books) -> list[str]:
    """Every attribution is in its cohort and in its referrer's list."""
    found = []
    for attribution in books.attributions.values():
        stamp = timestamp(attribution.created_at)
        referral = keys.referral(attribution.referrer_user_id, stamp, attribution.id)
        if keys.cohort_member(stamp, attribution.id) not in books.referrals:
            found.append(f"attribution {attribution.id}: missing in its cohort")
        if referral not in books.referrals:
            found.append(f"attribution {attribution.id}: missing in its referrer's list")
    return found
