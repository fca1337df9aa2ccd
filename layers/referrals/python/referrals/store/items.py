"""Models to items and back.

Absent values are left out, so that indexes stay sparse, and so is what other values tell: an
attribution that is over 1 KB costs twice as much to write.
"""

from dataclasses import fields
from typing import Any

from referrals.dynamodb.values import Item
from referrals.rules.attribution import (
    Attribution,
    AuditEntry,
    LedgerEntry,
    Reward,
    Role,
    Status,
)
from referrals.rules.events import Place
from referrals.rules.ids import reward_id
from referrals.rules.orders import is_late
from referrals.rules.outside import Order
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

_ATTRIBUTION_TIMES = frozenset(
    {"created_at", "expires_at", "qualified_at", "rewarded_at", "reviewed_at", "held_until"}
)
_LISTS = frozenset({"risk_flags", "signup_flags"})
_ORDER_TIMES = frozenset({"since"})
_REWARD_TIMES = frozenset({"created_at", "credits_granted_at", "next_attempt_at"})
_DERIVED_IN_REWARD = frozenset({"id", "attribution_id", "role", "user_id", "stripe_invoice_id"})


def attribution_item(attribution: Attribution) -> Item:
    """The whole aggregate as one item, with the attributes that the indexes read."""
    key = keys.attribution(attribution.id)
    item: Item = {"pk": key.pk, "sk": key.sk}
    for name in _ATTRIBUTION_FIELDS:
        _set(item, name, getattr(attribution, name), _ATTRIBUTION_TIMES)
    if attribution.rewards:
        item["rewards"] = {reward.role.value: _reward(reward) for reward in attribution.rewards}
    lane = keys.lane(keys.shard(attribution.id))
    item["in_status"] = keys.in_lane(attribution.status, lane)
    if attribution.utm_campaign:
        item["in_campaign"] = keys.in_lane(attribution.utm_campaign, lane)
    if attribution.next_attempt_at is not None:
        item["pending"] = keys.pending(lane, late=is_late(attribution))
        item["next_attempt_at"] = timestamp(attribution.next_attempt_at)
    return item


def attribution_from(item: Item) -> Attribution:
    """The aggregate that an item holds."""
    values: dict[str, Any] = {
        name: parse_timestamp(item[name]) if name in _ATTRIBUTION_TIMES else item[name]
        for name in _ATTRIBUTION_FIELDS
        if name in item
    }
    for name in _LISTS:
        values[name] = tuple(values.get(name, ()))
    values["status"] = Status(values["status"])
    stored = item.get("rewards", {})
    rewards = tuple(
        _reward_from(stored[role.value], role, values) for role in Role if role.value in stored
    )
    return Attribution(**values, rewards=rewards)


def _reward(reward: Reward) -> Item:
    item: Item = {}
    for name in _REWARD_FIELDS:
        _set(item, name, getattr(reward, name), _REWARD_TIMES)
    if reward.order is not None:
        item["order"] = _order(reward.order)
    return item


def _order(order: Order) -> Item:
    item: Item = {}
    for name in _ORDER_FIELDS:
        _set(item, name, getattr(order, name), _ORDER_TIMES)
    return item


def _order_from(item: Item) -> Order:
    values: dict[str, Any] = {
        name: parse_timestamp(item[name]) if name in _ORDER_TIMES else item[name]
        for name in _ORDER_FIELDS
        if name in item
    }
    return Order(**{"credits": 0} | values)


def _reward_from(item: Item, role: Role, attribution: dict[str, Any]) -> Reward:
    # Other names are another version's: both run while a deploy shifts the traffic.
    values: dict[str, Any] = {
        name: parse_timestamp(item[name]) if name in _REWARD_TIMES else item[name]
        for name in _REWARD_FIELDS
        if name in item
    }
    if "order" in item:
        values["order"] = _order_from(item["order"])
    return Reward(
        **{"credits": 0} | values | {"gone": tuple(item.get("gone", ()))},
        id=reward_id(attribution["id"], role),
        attribution_id=attribution["id"],
        role=role,
        user_id=attribution[f"{role.value}_user_id"],
        stripe_invoice_id=attribution.get("first_paid_invoice_id"),
    )


def audit_item(attribution: Attribution, number: int, entry: AuditEntry) -> Item:
    """One line of the audit trail."""
    key = keys.audit(attribution.id, attribution.version, number)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "at": timestamp(entry.at),
        "by": entry.by,
        "to_status": entry.to_status.value,
        "why": entry.why,
    }
    if entry.from_status is not None:
        item["from_status"] = entry.from_status.value
    return item


def audit_from(item: Item) -> AuditEntry:
    """The audit entry that an item holds."""
    before = item.get("from_status")
    return AuditEntry(
        at=parse_timestamp(item["at"]),
        by=item["by"],
        from_status=Status(before) if before else None,
        to_status=Status(item["to_status"]),
        why=item["why"],
    )


def ledger_item(entry: LedgerEntry, place: Place) -> Item:
    """A booking; its sort key is the grant key, which can be put once.

    `place` is its step in the referral's life, which an erasure leaves as it is.
    """
    key = keys.ledger(entry.user_id, entry.key)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "credits": entry.credits,
        "kind": entry.kind,
        "attribution_id": entry.attribution_id,
        "at": timestamp(entry.at),
        "step": place_text(place),
    }
    for name in ("shortfall", "backend", "outside_id"):
        _set(item, name, getattr(entry, name), frozenset())
    return item


def ledger_from(item: Item) -> LedgerEntry:
    """The booking that an item holds."""
    return LedgerEntry(
        key=item["sk"].removeprefix(keys.LEDGER_PREFIX),
        user_id=item["pk"].removeprefix(keys.user("")),
        credits=item["credits"],
        kind=item["kind"],
        attribution_id=item["attribution_id"],
        at=parse_timestamp(item["at"]),
        shortfall=item.get("shortfall", 0),
        backend=item.get("backend"),
        outside_id=item.get("outside_id"),
    )


def place_text(place: Place) -> str:
    """A step's place, so that text order is the order of steps: no step has ten beside it."""
    return f"{place.version:06d}.{place.number}"


def place_from(text: str) -> Place:
    """The place that a text names."""
    version, number = text.split(".")
    return Place(int(version), int(number))


def _set(item: Item, name: str, value: Any, times: frozenset[str]) -> None:
    if value in (None, (), 0):
        return
    if name in times:
        value = timestamp(value)
    elif isinstance(value, tuple):
        value = list(value)
    item[name] = value


_ATTRIBUTION_FIELDS = tuple(field.name for field in fields(Attribution) if field.name != "rewards")
_REWARD_FIELDS = tuple(
    field.name for field in fields(Reward) if field.name not in {*_DERIVED_IN_REWARD, "order"}
)
_ORDER_FIELDS = tuple(field.name for field in fields(Order))
