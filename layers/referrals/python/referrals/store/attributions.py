"""Attributions: read, listed, and changed in one transaction with all that hangs on them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from referrals.dynamodb.parts import Busy, Part, Refused
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules import funnel
from referrals.rules.attribution import (
    Attribution,
    AuditEntry,
    CapUse,
    Change,
    birth,
)
from referrals.rules.events import Place
from referrals.rules.ids import TOMBSTONE_FORM, tombstone_of
from referrals.rules.times import timestamp
from referrals.store import funnel_counts, keys, referrer_counts
from referrals.store.items import (
    attribution_from,
    attribution_item,
    audit_from,
    audit_item,
    ledger_item,
)
from referrals.store.keys import EVERY_CAMPAIGN

# The parts of a change by which a refusal is told.
ATTRIBUTION = "attribution"
CODE = "code"
ERASED = "erased"
CAP = "cap"
LEDGER = "ledger"
CREDITS = "credits"
_MOVING = "moving"

# DynamoDB answers a key of over 2 KB with an error; no id of ours is near it.
_LONGEST_ID = 128


def get(table: Table, attribution_id: str) -> Attribution | None:
    """The attribution, or None."""
    if len(attribution_id) > _LONGEST_ID:
        return None
    item = table.get(keys.attribution(attribution_id))
    return attribution_from(item) if item else None


def get_many(
    table: Table, ids: Sequence[str], *, consistent: bool = True
) -> dict[str, Attribution]:
    """The attributions that exist, by id."""
    items = table.get_many([keys.attribution(one) for one in ids], consistent=consistent)
    found = map(attribution_from, items.values())
    return {attribution.id: attribution for attribution in found}


@dataclass(frozen=True)
class History:
    """An attribution and its transitions in order, of which the first is its creation."""

    attribution: Attribution
    audit: tuple[AuditEntry, ...]


def history(table: Table, attribution_id: str) -> History | None:
    """The attribution with its audit trail, or None."""
    if len(attribution_id) > _LONGEST_ID:
        return None
    items = list(table.query(keys.attribution(attribution_id).pk))
    if not items:
        return None
    # The attribution's own sort key is before those of its trail.
    attribution = attribution_from(items[0])
    return History(attribution, (birth(attribution), *map(audit_from, items[1:])))


def commit(table: Table, change: Change, *, monthly_cap: int, crowded: bool = False) -> Attribution:
    """Store the change whole or not at all, and return the attribution as it is now.

    Where the month's slots are wanted by many at once (`crowded`), whoever lost one to others
    looks whether any is left before trying again.

    Raises Refused naming ATTRIBUTION (someone else was first: read again), CODE (disabled), ERASED
    (the referred user was), CAP (the month is full), LEDGER (booked already) or CREDITS (less left
    than a reversal takes), Unwritable for an item that DynamoDB will never take, and Busy where an
    erasure has not yet moved the referrer's slots.
    """
    version = change.after.version + 1
    after = replace(change.after, version=version)
    parts = [
        _aggregate(table, change.before, after),
        *_trail(table, after, change.audit),
        *_funnel(table, change.before, after),
        *_referrer(table, change.before, after),
        *_bookings(table, after, change),
    ]
    if change.cap is not None:
        parts += _cap(table, change.cap, monthly_cap)
    if change.before is None:
        parts += [_not_erased(table, after), *_pointers(table, after)]
    look = partial(_look_at_cap, table, change, monthly_cap) if crowded else None
    try:
        table.transact(parts, before_again=look)
    except Refused as refused:
        if _MOVING in refused.parts and ATTRIBUTION not in refused.parts:
            raise Busy("an erasure is moving the month's slots") from refused
        raise
    return after


def _aggregate(table: Table, before: Attribution | None, after: Attribution) -> Part:
    if before is None:
        return table.put(ATTRIBUTION, attribution_item(after), unless="attribute_not_exists(pk)")
    # One version for the whole aggregate: every act has seen all the acts before it.
    return table.put(
        ATTRIBUTION,
        attribution_item(after),
        unless="version = :seen",
        values={":seen": before.version},
    )


def _trail(table: Table, after: Attribution, audit: Iterable[AuditEntry]) -> list[Part]:
    return [
        table.put("audit", audit_item(after, number, entry)) for number, entry in enumerate(audit)
    ]


def _funnel(table: Table, before: Attribution | None, after: Attribution) -> list[Part]:
    difference = funnel.counts_for(after) - funnel.counts_for(before)
    campaigns = filter(None, (EVERY_CAMPAIGN, after.utm_campaign))
    return [
        part
        for campaign in campaigns
        for part in funnel_counts.changed(table, campaign, after, difference)
    ]


def _referrer(table: Table, before: Attribution | None, after: Attribution) -> list[Part]:
    if before is None:
        # Whoever read the code may have read it a while ago, and it may be disabled since.
        return [referrer_counts.begun(table, CODE, after)]
    return referrer_counts.changed(table, before, after)


def _bookings(table: Table, after: Attribution, change: Change) -> list[Part]:
    # What is booked comes after what is said of it, for whoever listens.
    places = (Place(after.version, number) for number in count(len(change.audit) + 1))
    parts = [
        table.put(LEDGER, ledger_item(entry, place), unless="attribute_not_exists(pk)")
        for entry, place in zip(change.ledger, places, strict=False)
    ]
    by_user: dict[str, int] = defaultdict(int)
    for entry in change.ledger:
        if entry.backend is None:
            by_user[entry.user_id] += entry.credits
    for user_id, credits in by_user.items():
        if credits:
            parts.append(_credit(table, user_id, credits))
    return parts


def _credit(table: Table, user_id: str, credits: int) -> Part:
    if credits > 0:
        return table.update(
            f"{CREDITS}:{user_id}",
            keys.credits(user_id),
            "ADD balance :credits",
            {":credits": credits},
        )
    return table.update(
        f"{CREDITS}:{user_id}",
        keys.credits(user_id),
        "ADD balance :credits",
        {":credits": credits, ":taken": -credits},
        condition="balance >= :taken",
    )


def _cap(table: Table, use: CapUse, monthly_cap: int) -> list[Part]:
    key = keys.monthly_rewards(use.user_id, use.month)
    if use.slots < 0:
        return [table.update(CAP, key, "ADD qualified :slots", {":slots": use.slots})]
    slot = table.update(
        CAP,
        key,
        "ADD qualified :slots",
        {":slots": use.slots, ":cap": monthly_cap},
        condition="attribute_not_exists(qualified) OR qualified < :cap",
    )
    if not TOMBSTONE_FORM.fullmatch(use.user_id):
        return [slot]
    # Slots that the erasure has not moved yet are taken all the same.
    moved = "attribute_not_exists(user_id)"
    return [slot, table.check(_MOVING, keys.tombstone(use.user_id), moved)]


def _look_at_cap(table: Table, change: Change, monthly_cap: int) -> None:
    """CAP is refused where the month is full: a look, unlike a try, stands in nobody's way."""
    use = change.cap
    if use is None or use.slots < 0:
        return
    key = keys.monthly_rewards(use.user_id, use.month)
    if month_full(table.get_many([key]).get(key), monthly_cap):
        raise Refused(frozenset({CAP}))


def month_full(month: Item | None, monthly_cap: int) -> bool:
    """Whether a referrer's month, as it was read, has no slot left."""
    return int((month or {}).get("qualified", 0)) >= monthly_cap


def _not_erased(table: Table, after: Attribution) -> Part:
    """An erasure that began since the signup looked would not find what comes now."""
    tombstone = keys.tombstone(tombstone_of(after.id))
    return table.check(ERASED, tombstone, "attribute_not_exists(pk)")


def _pointers(table: Table, after: Attribution) -> list[Part]:
    stamp = timestamp(after.created_at)
    member = keys.cohort_member(stamp, after.id)
    referral = keys.referral(after.referrer_user_id, stamp, after.id)
    return [
        table.put(name, {"pk": key.pk, "sk": key.sk, "id": after.id})
        for name, key in (("cohort", member), ("referral", referral))
    ]
