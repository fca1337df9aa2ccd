"""Plausible ways to get it wrong. The simulation is worth what it finds: it must find these."""

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from referrals.acts import erasure, intake
from referrals.dynamodb.parts import Part, Refused
from referrals.dynamodb.table import Table
from referrals.rules import payment
from referrals.rules.attribution import Actor, Attribution, Change
from referrals.rules.facts import CustomerFacts, InvoicePaid
from referrals.rules.payment import Payment
from referrals.store import attributions
from referrals.store.attributions import ATTRIBUTION, CAP, ERASED, LEDGER
from referrals.store.keys import Key
from tests.simulation import miscounts, misdeliveries
from tests.simulation.miscounts import MISCOUNTS
from tests.simulation.misdeliveries import MISDELIVERIES
from tests.simulation.plan import History
from tests.simulation.process import HANDLERS

_commit, _take_in = attributions.commit, intake.take_in
_move_bookings = erasure._move_bookings
_payment_of = payment.payment_of


def check_then_act(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Look whether somebody was first, then write whatever happens meanwhile."""
    parts, after = _parts(table, change, monthly_cap)
    if change.ledger:
        assert change.before is not None
        standing = attributions.get(table, after.id)
        if standing is None or standing.version != change.before.version:
            raise Refused(frozenset({ATTRIBUTION}))
        parts = [_unconditional(part) for part in parts]
    table.transact(parts)
    return after


def marker_first(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Mark the grant as done, then do it."""
    parts, after = _parts(table, change, monthly_cap)
    for marker in (part for part in parts if part.name == LEDGER):
        table.write(marker)
    table.transact([part for part in parts if part.name != LEDGER])
    return after


def ledger_then_flag(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Book and credit at once, but say so on the attribution afterwards."""
    parts, after = _parts(table, change, monthly_cap)
    money = [part for part in parts if part.name == LEDGER or part.name.startswith("credits")]
    if money:
        table.transact(money)
    table.transact([part for part in parts if part not in money])
    return after


def cap_read_then_written(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Read how many slots are taken, then take one more."""
    parts, after = _parts(table, change, monthly_cap)
    for part in parts:
        if part.name == CAP and change.cap and change.cap.slots > 0:
            place = part.write["Update"]["Key"]
            month = table.get(Key(place["pk"]["S"], place["sk"]["S"])) or {}
            if month.get("qualified", 0) >= monthly_cap:
                raise Refused(frozenset({CAP}))
    table.transact([_unconditional(part) if part.name == CAP else part for part in parts])
    return after


def stats_counted_outside(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Count for the funnel once the transition is stored."""
    parts, after = _parts(table, change, monthly_cap)
    table.transact([part for part in parts if part.name != "funnel"])
    for part in parts:
        if part.name == "funnel":
            table.write(part)
    return after


def referrers_counted_outside(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Count for the referrer once the transition is stored."""
    parts, after = _parts(table, change, monthly_cap)
    table.transact([part for part in parts if part.name != "referrer"])
    for part in parts:
        if part.name == "referrer":
            table.write(part)
    return after


def dedupe_by_event_id(
    table: Table, secret: bytes, told: Any, programme: Any, actor: Actor
) -> list[Any]:
    """An event whose id is known was handled: or was it only begun?"""
    mark = {"pk": f"EVENT#{actor.why.split()[-1]}", "sk": "EVENT"}
    try:
        table.write(table.put("event", mark, unless="attribute_not_exists(pk)"))
    except Refused:
        return []
    return _take_in(table, secret, told, programme, actor)


def moved_though_gone(table: Table, user_id: str, erased: str) -> int:
    """Move the bookings that were read, whether they are still there or not."""
    recorder: Any = copy.copy(table)
    recorder.transact = lambda parts: table.transact([_unconditional(part) for part in parts])
    return _move_bookings(recorder, user_id, erased)


def erased_or_not(table: Table, change: Change, *, monthly_cap: int) -> Attribution:
    """Trust that whoever was not erased when the signup looked is not erased now."""
    parts, after = _parts(table, change, monthly_cap)
    table.transact([part for part in parts if part.name != ERASED])
    return after


def matched_by_amount(invoice: InvoicePaid, facts: CustomerFacts) -> Payment:
    """A charge of which nobody says what it paid: of this invoice, if the number is the same."""
    charges = [
        replace(one, invoice_id=one.invoice_id or invoice.invoice_id, currency=invoice.currency)
        if one.amount == invoice.amount_paid
        else one
        for one in facts.charges
    ]
    return _payment_of(invoice, replace(facts, charges=tuple(charges)))


def failed_refunds_stand(invoice: InvoicePaid, facts: CustomerFacts) -> Payment:
    """A refund is a refund, whatever became of it."""
    made = [replace(one, status="succeeded", failed_at=None) for one in facts.refunds]
    return _payment_of(invoice, replace(facts, refunds=tuple(made)))


def first_intent_alone(invoice: InvoicePaid, facts: CustomerFacts) -> Payment:
    """An invoice is paid by one payment: is it?"""
    first = {one.invoice_id: one for one in reversed(facts.payments)}
    return _payment_of(invoice, replace(facts, payments=tuple(first.values())))


def _parts(table: Table, change: Change, cap: int) -> tuple[list[Part], Attribution]:
    """What the real commit would write."""
    parts: list[Part] = []
    recorder: Any = copy.copy(table)
    recorder.transact = lambda more, **_: parts.extend(more)
    return parts, _commit(recorder, change, monthly_cap=cap)


def _unconditional(part: Part) -> Part:
    ((operation, arguments),) = part.write.items()
    kept = {name: value for name, value in arguments.items() if name != "ConditionExpression"}
    used = str(kept.get("UpdateExpression", ""))
    values = kept.pop("ExpressionAttributeValues", {})
    if values := {name: value for name, value in values.items() if name in used}:
        kept["ExpressionAttributeValues"] = values
    return Part(part.name, {operation: kept})


def _instead_of_commit(variant: Callable[..., Attribution]) -> AbstractContextManager[Any]:
    def commit(table: Table, change: Change, *, monthly_cap: int, **_: Any) -> Attribution:
        return variant(table, change, monthly_cap=monthly_cap)

    return patch.object(attributions, "commit", commit)


def _instead_of_payment_of(variant: Callable[..., Payment]) -> AbstractContextManager[Any]:
    return patch.object(payment, "payment_of", variant)


CANARIES: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "check then act": lambda: _instead_of_commit(check_then_act),
    "marker first": lambda: _instead_of_commit(marker_first),
    "ledger then flag": lambda: _instead_of_commit(ledger_then_flag),
    "cap read then written": lambda: _instead_of_commit(cap_read_then_written),
    "stats counted outside the transaction": lambda: _instead_of_commit(stats_counted_outside),
    "referrers counted outside the transaction": lambda: _instead_of_commit(
        referrers_counted_outside
    ),
    "dedupe by event id": lambda: patch.object(
        HANDLERS["stripe_webhook"], "take_in", dedupe_by_event_id
    ),
    "bookings moved though gone": lambda: patch.object(
        erasure, "_move_bookings", moved_though_gone
    ),
    "a refused move is an error": lambda: patch.multiple(erasure, _TRIES=1, Busy=RuntimeError),
    "referred though erased meanwhile": lambda: _instead_of_commit(erased_or_not),
    "matched by amount": lambda: _instead_of_payment_of(matched_by_amount),
    "a failed refund is not given back": lambda: _instead_of_payment_of(failed_refunds_stand),
    "the first intent alone is kept": lambda: _instead_of_payment_of(first_intent_alone),
    **MISCOUNTS,
    **MISDELIVERIES,
}

# Which histories could show it, where not all can.
SHOWN_BY: Mapping[str, Callable[[History], bool]] = {
    **miscounts.SHOWN_BY,
    **misdeliveries.SHOWN_BY,
}
