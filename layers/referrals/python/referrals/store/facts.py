"""Facts from Stripe, kept per customer: each is one write that may come twice and in any order.

What names a payment and no customer is kept under the payment. Whoever comes second finds the
other: it stores its own before it looks, so of two at the same time at least one sees both.
"""

from collections.abc import Sequence, Set
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from referrals.dynamodb.parts import Busy, Refused
from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.facts import (
    ChargeSeen,
    CustomerCameBy,
    CustomerFacts,
    CustomerLinked,
    DisputeSeen,
    InvoicePaid,
    InvoicePaymentSeen,
    Kept,
    RefundSeen,
    WarningSeen,
)
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

_KINDS: dict[str, type[Kept]] = {
    kind.kind: kind
    for kind in (InvoicePaid, ChargeSeen, InvoicePaymentSeen, RefundSeen, DisputeSeen, WarningSeen)
}
_TIMES = frozenset({"paid_at", "created_at", "told_at", "failed_at"})
# Longer than a dispute or a refund by card may take; what the decision needs is on the attribution.
_INVOICE_KEPT = timedelta(days=400)
# What claims a part of an invoice outlives it: its end must never look like a claim withdrawn.
_KEPT = timedelta(days=500)
_TRIES = 8


def link(table: Table, linked: CustomerLinked) -> None:
    """The customer is this user. A customer may turn out to be two users: that is a risk flag."""
    table.write(
        table.update(
            "link",
            keys.stripe_link(linked.customer_id),
            "ADD user_ids :user",
            {":user": {linked.user_id}},
        )
    )


def note_click(table: Table, came: CustomerCameBy) -> None:
    """A click that the customer came by, and since when that is known. Told again, it is no news:
    a customer's metadata comes with whatever is changed of them."""
    known = link_of(table, came.customer_id).came_by
    if any(one.click_id == came.click_id and one.told_at <= came.told_at for one in known):
        return
    told = f"{came.click_id} {timestamp(came.told_at)}"
    link = keys.stripe_link(came.customer_id)
    table.write(table.update("link", link, "ADD came_by :told", {":told": {told}}))


def note_email(table: Table, customer_id: str, email_hash: str) -> None:
    """An e-mail address (hashed) that Stripe knows the customer by."""
    table.write(
        table.update(
            "link", keys.stripe_link(customer_id), "ADD emails :email", {":email": {email_hash}}
        )
    )


def record(table: Table, fact: Kept, now: datetime) -> str | None:
    """Keep what a customer's invoice or payment is told to be, or bring it up to date.

    Returns the customer; None where that is not known yet, and the fact waits.
    """
    customer_id = getattr(fact, "customer_id", None)
    if customer_id is None:
        return _record_waiting(table, fact, now)
    together(
        lambda: _merge(table, customer_id, fact, now),
        lambda: _own(table, fact.references, customer_id, now),
    )
    return str(customer_id)


def owner(table: Table, fact: Kept) -> str | None:
    """The customer whose it is, as far as that is known."""
    told = getattr(fact, "customer_id", None)
    if told is not None:
        return str(told)
    owners = table.get_many([keys.payment_owner(reference) for reference in fact.references])
    return next((str(one["customer_id"]) for one in owners.values()), None)


def _record_waiting(table: Table, fact: Kept, now: datetime) -> str | None:
    """Keep it under all that it names, and under the customer once one of those is somebody's."""
    new = side_by_side(lambda reference: _merge(table, reference, fact, now), fact.references)
    places = {reference: keys.payment_owner(reference) for reference in fact.references}
    owners = table.get_many(list(places.values()))
    if not owners:
        return None
    customer_id = str(next(iter(owners.values()))["customer_id"])
    # Where it is told again, whoever owned the payment may have died before all was brought along.
    owned = {one for one, place in places.items() if place in owners} if all(new) else set()
    unowned = [reference for reference in fact.references if reference not in owned]
    if unowned:
        # The fact itself is among what waits there.
        _own(table, unowned, customer_id, now, known=owned)
    else:
        _merge(table, customer_id, fact, now)
    return customer_id


def _own(
    table: Table,
    references: Sequence[str],
    customer_id: str,
    now: datetime,
    *,
    known: Set[str] = frozenset(),
) -> None:
    """All of these are the customer's, and so is what waits under them, and what that names."""
    while references:
        found = side_by_side(lambda one: _own_one(table, one, customer_id, now), references)
        known = known | set(references)
        references = sorted({named for waiting in found for named in waiting} - known)


def _own_one(table: Table, reference: str, customer_id: str, now: datetime) -> set[str]:
    """What the facts name that waited under one reference."""
    owner = keys.payment_owner(reference)
    table.write(table.put("owner", {**_place(owner), "customer_id": customer_id}))
    waiting = [_fact_from(item) for item in table.query(keys.stripe(reference)) if _holds(item)]
    side_by_side(lambda fact: _merge(table, customer_id, fact, now), waiting)
    return {named for fact in waiting for named in fact.references}


def _merge(table: Table, reference: str, fact: Kept, now: datetime) -> bool:
    """Keep the fact, joined with what is kept of it already; whether there was nothing yet."""
    key = keys.stripe_fact(reference, fact.kind, fact.id)
    try:
        first = _item(key, fact) | {"revision": 1, "expires_epoch": _expiry(fact, now)}
        table.write(table.put("fact", first, unless="attribute_not_exists(pk)"))
    except Refused:
        _join(table, key, fact)
        return False
    return True


def _join(table: Table, key: Key, fact: Kept) -> None:
    for _ in range(_TRIES):
        item = table.get(key) or {}
        known = _fact_from(item)
        merged = known.merge(fact)
        if merged == known:
            return
        # An item of an earlier version has none.
        revision = item.get("revision", 0)
        fresh = item | _item(key, merged) | {"revision": revision + 1}
        unless = "attribute_not_exists(revision) OR revision = :seen"
        try:
            table.write(table.put("fact", fresh, unless=unless, values={":seen": revision}))
        except Refused:
            continue
        return
    raise Busy(f"{fact.id} was still being changed by others")


def link_of(table: Table, customer_id: str) -> CustomerFacts:
    """Whose the customer is, and how they came: without what they paid."""
    return _linked(customer_id, table.get(keys.stripe_link(customer_id)) or {})


def of_customer(table: Table, customer_id: str) -> CustomerFacts:
    """All that is kept of a customer."""
    told: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    found: Item = {}
    for item in table.query(keys.stripe(customer_id)):
        if item["sk"] == keys.LINK:
            found = item
        elif _holds(item):
            told[_kind(item)].append(_fact_from(item))
    return replace(
        _linked(customer_id, found),
        invoices=tuple(told[InvoicePaid.kind]),
        charges=tuple(told[ChargeSeen.kind]),
        payments=tuple(told[InvoicePaymentSeen.kind]),
        refunds=tuple(told[RefundSeen.kind]),
        disputes=tuple(told[DisputeSeen.kind]),
        warnings=tuple(told[WarningSeen.kind]),
    )


def _linked(customer_id: str, item: Item) -> CustomerFacts:
    return CustomerFacts(
        customer_id=customer_id,
        user_ids=frozenset(item.get("user_ids", ())),
        emails=frozenset(item.get("emails", ())),
        came_by=tuple(_came_by(customer_id, told) for told in sorted(item.get("came_by", ()))),
    )


def _came_by(customer_id: str, told: str) -> CustomerCameBy:
    click_id, _, told_at = told.partition(" ")
    at = parse_timestamp(told_at)
    return CustomerCameBy(customer_id=customer_id, click_id=click_id, told_at=at)


def _place(key: Key) -> Item:
    return {"pk": key.pk, "sk": key.sk}


def _expiry(fact: Kept, now: datetime) -> int:
    kept = _INVOICE_KEPT if isinstance(fact, InvoicePaid) else _KEPT
    return int((now + kept).timestamp())


def _item(key: Key, fact: Kept) -> Item:
    return _place(key) | {
        name: timestamp(value) if isinstance(value, datetime) else value
        for name, value in vars(fact).items()
        if value is not None
    }


def _kind(item: Item) -> str:
    return str(item["sk"].split("#", 1)[0])


def _holds(item: Item) -> bool:
    """Whether the item is a fact; a customer's link and a payment's owner lie beside them."""
    return _kind(item) in _KINDS


def _fact_from(item: Item) -> Any:
    """What the fact is made of; other names are the item's own, or another version's."""
    kind = _KINDS[_kind(item)]
    values: dict[str, Any] = {
        field.name: parse_timestamp(value) if field.name in _TIMES else value
        for field in fields(kind)
        if (value := item.get(field.name)) is not None
    }
    return kind(**values)
