"""Facts from Stripe, kept per customer: each is one write that may come twice and in any order."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from referrals.dynamodb.parts import Part, Refused
from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.payment import (
    ChargeSeen,
    CustomerFacts,
    CustomerLinked,
    DisputeSeen,
    InvoicePaid,
    newer_charge,
)
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

_INVOICE = "INVOICE"
_CHARGE = "CHARGE"
_DISPUTE = "DISPUTE"
# Longer than a dispute or a refund by card may take; what the decision needs is on the attribution.
KEPT = timedelta(days=400)


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


def note_email(table: Table, customer_id: str, email_hash: str) -> None:
    """An e-mail address (hashed) that Stripe knows the customer by."""
    table.write(
        table.update(
            "link", keys.stripe_link(customer_id), "ADD emails :email", {":email": {email_hash}}
        )
    )


def record_invoice(table: Table, invoice: InvoicePaid, now: datetime) -> None:
    """Keep a paid invoice; the first report of it stands."""
    key = keys.stripe_fact(invoice.customer_id, _INVOICE, invoice.invoice_id)
    item = _fact_item(key) | _plain(invoice) | _expiry(now)
    first = table.put("invoice", item, unless="attribute_not_exists(pk)")
    payments = invoice.charge_id, invoice.payment_intent_id
    together(
        lambda: _unless_refused(table, first),
        lambda: _own(table, payments, invoice.customer_id),
    )


def record_charge(table: Table, charge: ChargeSeen, now: datetime) -> None:
    """Keep a charge, or bring what is kept up to date; disputes that waited for it come along."""
    payments = charge.charge_id, charge.payment_intent_id
    together(
        lambda: _merge_charge(table, charge, now),
        lambda: _own(table, payments, charge.customer_id),
    )


def _merge_charge(table: Table, charge: ChargeSeen, now: datetime) -> None:
    key = keys.stripe_fact(charge.customer_id, _CHARGE, charge.charge_id)
    for _ in range(8):
        item = table.get(key)
        known = _charge_from(item) if item else None
        merged = newer_charge(known, charge) if known else charge
        revision = item["revision"] if item else 0
        if merged == known:
            break
        fresh = _fact_item(key) | _plain(merged) | _expiry(now)
        fresh["revision"] = revision + 1
        unless = "revision = :seen" if item else "attribute_not_exists(pk)"
        values = {":seen": revision} if item else None
        try:
            table.write(table.put("charge", fresh, unless=unless, values=values))
            break
        except Refused:
            continue
    else:
        raise TimeoutError("the charge was still being changed by others")


def _own(table: Table, payments: Iterable[str | None], customer_id: str) -> None:
    """The charge and the payment intent are the customer's: a dispute names only those."""

    def own(payment: str) -> None:
        owner = keys.payment_owner(payment)
        table.write(table.put("owner", {**_fact_item(owner), "customer_id": customer_id}))
        for item in table.query(keys.stripe(payment), prefix=f"{_DISPUTE}#"):
            _keep_dispute(table, customer_id, _dispute_from(item))

    side_by_side(own, list(filter(None, payments)))


def record_dispute(table: Table, dispute: DisputeSeen) -> str | None:
    """Keep a dispute or warning under its payment, and under the customer once that is known.

    Returns the customer. A charge that comes at the same time either finds the dispute here, or
    is found by it: one of the two stores first.
    """
    payments = [one for one in (dispute.charge_id, dispute.payment_intent_id) if one]
    side_by_side(lambda payment: _keep_dispute(table, payment, dispute), payments)
    owners = table.get_many([keys.payment_owner(payment) for payment in payments])
    for owner in owners.values():
        _keep_dispute(table, owner["customer_id"], dispute)
        return str(owner["customer_id"])
    return None


def _keep_dispute(table: Table, reference: str, dispute: DisputeSeen) -> None:
    item = _fact_item(keys.stripe_fact(reference, _DISPUTE, dispute.dispute_id)) | _plain(dispute)
    # The closing of a dispute is its last word, whichever report comes first.
    unless = None if dispute.closed else "attribute_not_exists(pk)"
    _unless_refused(table, table.put("dispute", item, unless=unless))


def _unless_refused(table: Table, first: Part) -> None:
    """What stands already is left as it is."""
    with suppress(Refused):
        table.write(first)


def of_customer(table: Table, customer_id: str) -> CustomerFacts:
    """All that is kept of a customer."""
    kinds: dict[str, list[Item]] = {_INVOICE: [], _CHARGE: [], _DISPUTE: []}
    found: Item = {}
    for item in table.query(keys.stripe(customer_id)):
        kind = item["sk"].split("#", 1)[0]
        if item["sk"] == keys.LINK:
            found = item
        elif kind in kinds:
            kinds[kind].append(item)
    return CustomerFacts(
        customer_id=customer_id,
        user_ids=frozenset(found.get("user_ids", ())),
        emails=frozenset(found.get("emails", ())),
        invoices=tuple(map(_invoice_from, kinds[_INVOICE])),
        charges=tuple(map(_charge_from, kinds[_CHARGE])),
        disputes=tuple(map(_dispute_from, kinds[_DISPUTE])),
    )


def _fact_item(key: Key) -> Item:
    return {"pk": key.pk, "sk": key.sk}


def _expiry(now: datetime) -> Item:
    return {"expires_epoch": int((now + KEPT).timestamp())}


def _plain(fact: InvoicePaid | ChargeSeen | DisputeSeen) -> Item:
    values = vars(fact)
    return {
        name: timestamp(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def _known(kind: type[Any], item: Item) -> Item:
    """What the fact is made of; other names are the item's own, or another version's."""
    return {field.name: item[field.name] for field in fields(kind) if field.name in item}


def _invoice_from(item: Item) -> InvoicePaid:
    values = _known(InvoicePaid, item)
    return InvoicePaid(**values | {"paid_at": parse_timestamp(values["paid_at"])})


def _charge_from(item: Item) -> ChargeSeen:
    values = _known(ChargeSeen, item)
    return ChargeSeen(**values | {"created_at": parse_timestamp(values["created_at"])})


def _dispute_from(item: Item) -> DisputeSeen:
    return DisputeSeen(**_known(DisputeSeen, item))
