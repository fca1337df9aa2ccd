"""What was cut short and is found again: erasures that did not end, payments that moved nothing."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from referrals.acts.erasure import Erasure, erase, erased_among, unfinished
from referrals.acts.granting import Outcome
from referrals.acts.settlement import settle_customer
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules import life
from referrals.rules.attribution import Actor, Attribution
from referrals.rules.facts import InvoicePaid
from referrals.rules.ids import attribution_id
from referrals.rules.payment import first_payment
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW
from referrals.store import attributions, facts, keys

log = logging.getLogger(__name__)
T = TypeVar("T")

# What of an item says whether something is left to do.
ATTRIBUTES = ("pk", "sk", "user_id", "user_ids")


@dataclass(frozen=True)
class Undone:
    """Whom to erase, with the customers that name them, and which customers to settle."""

    erasures: Mapping[str, Set[str]]
    unsettled: Sequence[str]


def undone(table: Table, secret: bytes, items: Iterable[Item], programme: Programme) -> Undone:
    """What a page of items shows to be left undone."""
    named: dict[str, set[str]] = defaultdict(set)
    unfinished_, paying = set[str](), set[str]()
    for item in items:
        pk, sk = item["pk"], item["sk"]
        if sk == keys.LINK:
            for user_id in item.get("user_ids", ()):
                named[user_id].add(pk.removeprefix(keys.stripe("")))
        elif sk == keys.profile("").sk:
            # Named, if by no customer.
            named[pk.removeprefix(keys.profile("").pk)] |= set()
        elif sk == keys.tombstone("").sk:
            unfinished_ |= {unfinished(item)} - {None}  # type: ignore[arg-type]
        elif pk.startswith(keys.stripe("")) and sk.startswith(f"{InvoicePaid.kind}#"):
            paying.add(pk.removeprefix(keys.stripe("")))
    again = erased_among(table, secret, named)
    return Undone(
        {user_id: named.get(user_id, set()) for user_id in sorted({*unfinished_, *again})},
        _unsettled(table, secret, sorted(paying), programme),
    )


def _unsettled(
    table: Table, secret: bytes, paying: Sequence[str], programme: Programme
) -> list[str]:
    """Customers with a payment that would move the referral of a user whom they are."""
    links = table.get_many([keys.stripe_link(one) for one in paying])
    ids = {
        customer: [
            attribution_id(secret, user)
            for user in links.get(keys.stripe_link(customer), {}).get("user_ids", ())
        ]
        for customer in paying
    }
    found = attributions.get_many(table, [one for many in ids.values() for one in many])
    waiting = {
        customer: [found[one] for one in many if one in found and life.awaits_payment(found[one])]
        for customer, many in ids.items()
    }
    candidates = [customer for customer, many in waiting.items() if many]

    def would_move(customer: str) -> bool:
        return _would_move(table, customer, waiting[customer], programme)

    moved = side_by_side(would_move, candidates)
    return [customer for customer, would in zip(candidates, moved, strict=True) if would]


def _would_move(
    table: Table, customer: str, waiting: Sequence[Attribution], programme: Programme
) -> bool:
    known = facts.of_customer(table, customer)
    return any(
        first_payment(
            known,
            programme,
            until=one.expires_at + CLOCK_SKEW,
            known=one.first_paid_invoice_id,
        )
        for one in waiting
    )


def repair(
    table: Table, secret: bytes, left: Undone, programme: Programme, actor: Actor
) -> tuple[list[Outcome], bool]:
    """Finish it: what became of the referrals, and whether there was time for all.

    One that fails keeps no other waiting, and is found again the next day.
    """

    def forget(user_id: str) -> Erasure:
        return erase(table, secret, user_id, None, programme, left.erasures[user_id])

    # First, for what an erasure is moving cannot be settled.
    done = [_tried(forget, user_id) for user_id in left.erasures]

    def settle(customer: str) -> list[Outcome]:
        return settle_customer(table, secret, customer, programme, actor)

    settled = side_by_side(lambda customer: _tried(settle, customer) or [], left.unsettled)
    outcomes = [outcome for many in settled for outcome in many]
    return outcomes, not any(one and one.left for one in done)


def _tried(act: Callable[[str], T], one: str) -> T | None:
    try:
        return act(one)
    except Exception:
        log.exception("repair failed", extra={"of": one})
        return None
