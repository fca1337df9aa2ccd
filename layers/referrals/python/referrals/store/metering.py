"""Charging one request: a single conditional update, made from what was last seen.

Where the guess was wrong the refusal brings the account as it is, and the next try is made from
that. Counters are added to, never set, within a window; a new window is opened by one request.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, dynamodb_values, plain
from referrals.rules.credits import Account, Source, source_of
from referrals.rules.errors import LimitExceeded
from referrals.rules.plans import DEFAULT_PLAN
from referrals.store import keys

_FIELDS = {
    "plan": "plan_name",
    "overage": "overage_enabled",
    **{
        name: name
        for name in (
            "balance",
            "spent",
            "minute",
            "minute_used",
            "day",
            "day_used",
            "month",
            "included_used",
            "granted_used",
            "overage_used",
        )
    },
}
_SOURCE_COUNTERS = {
    Source.INCLUDED: {"included_used": 1},
    Source.GRANTED: {"granted_used": 1, "balance": -1, "spent": 1},
    Source.OVERAGE: {"overage_used": 1},
}
_MONTH_COUNTERS = ("included_used", "granted_used", "overage_used")
_MOST_SEEN = 10_000
_seen: dict[tuple[str, str], Account] = {}


@dataclass(frozen=True)
class Charge:
    """One credit of an account, and the account after it; no source where nothing was taken."""

    user_id: str
    source: Source | None
    account: Account


def account_from(item: Item | None) -> Account:
    """The account that a CREDITS item holds; an empty one for none."""
    item = item or {}
    return Account(**{field: item[name] for name, field in _FIELDS.items() if name in item})


def account_of(table: Table, user_id: str, now: datetime) -> Account:
    """The account in today's windows."""
    return account_from(table.get(keys.credits(user_id))).at(now)


def charge(table: Table, user_id: str, now: datetime, plan: str = DEFAULT_PLAN) -> Charge:
    """Take one credit. LimitExceeded where none may be taken.

    An account that nobody has put on a plan is put on this one.
    """
    return _charge(table, user_id, now, frozenset(Source), plan)


def charge_included(table: Table, user_id: str, now: datetime) -> Charge:
    """Take one of the month's included credits, or nothing where only others are left.

    LimitExceeded where none may be taken.
    """
    return _charge(table, user_id, now, frozenset({Source.INCLUDED}))


def _charge(
    table: Table, user_id: str, now: datetime, among: frozenset[Source], plan: str = DEFAULT_PLAN
) -> Charge:
    stored, certain = _seen.get((table.name, user_id), Account()), False
    for wait in table.waits():
        try:
            source: Source | None = source_of(stored.begun_on(plan).at(now), now)
        except LimitExceeded:
            # What was last seen may be old news; only the account itself can refuse.
            if certain:
                raise
            source = None
        if source is None or source not in among:
            if certain:
                return Charge(user_id, None, stored.at(now))
            stored, certain = account_from(table.get(keys.credits(user_id))), True
            continue
        try:
            account = _write(table, user_id, _charging(stored, source, now, plan), again=True)
        except _Different as different:
            stored, certain = different.account, True
        except _InConflict:
            time.sleep(wait)
        else:
            _remember(table, user_id, account)
            return Charge(user_id, source, account)
    raise Busy("the account was still being changed by others")


def give_back(table: Table, charged: Charge) -> Account:
    """Undo a charge, in every window that has not ended since."""
    stored = charged.account
    for wait in table.waits():
        update = _giving_back(stored, charged)
        if not update.add:
            # Every window has ended.
            return stored
        try:
            account = _write(table, charged.user_id, update)
        except _Different as different:
            stored = different.account
        except _InConflict:
            time.sleep(wait)
        else:
            _remember(table, charged.user_id, account)
            return account
    raise Busy("the account was still being changed by others")


def _remember(table: Table, user_id: str, account: Account) -> None:
    if len(_seen) >= _MOST_SEEN:
        _seen.clear()
    _seen[table.name, user_id] = account


@dataclass
class _Update:
    """An update in the making: what is added, what is set, and what must be so."""

    add: dict[str, int] = field(default_factory=dict)
    set: dict[str, Any] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    values: Item = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def require(self, name: str, operator: str, value: Any) -> None:
        """The attribute compares so; an empty value stands for an attribute not there yet."""
        self.names[f"#{name}"] = name
        if value in ("", None) and operator == "=":
            self.conditions.append(f"attribute_not_exists(#{name})")
            return
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = value
        self.conditions.append(f"#{name} {operator} {placeholder}")

    def arguments(self) -> dict[str, Any]:
        """The request's arguments."""
        clauses = []
        for verb, changes, joint in (("ADD", self.add, " "), ("SET", self.set, " = ")):
            terms = []
            for name, value in changes.items():
                placeholder = f":{len(self.values)}"
                self.names[f"#{name}"], self.values[placeholder] = name, value
                terms.append(f"#{name}{joint}{placeholder}")
            if terms:
                clauses.append(f"{verb} {', '.join(terms)}")
        return {
            "UpdateExpression": " ".join(clauses),
            "ConditionExpression": " AND ".join(self.conditions),
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": dynamodb_values(self.values),
        }


def _charging(stored: Account, source: Source, now: datetime, begins_on: str) -> _Update:
    current, update = stored.begun_on(begins_on).at(now), _Update()
    plan = current.plan
    _count(update, "minute", stored.minute, current.minute, plan.per_minute)
    _count(update, "day", stored.day, current.day, plan.daily_cap)
    counters = _SOURCE_COUNTERS[source]
    update.require("month", "=", stored.month)
    if stored.month == current.month:
        update.add |= counters
        if source is Source.INCLUDED:
            update.require("included_used", "<", plan.included)
        else:
            update.require("included_used", ">=", plan.included)
    else:
        update.set["month"] = current.month
        update.set |= {name: counters.get(name, 0) for name in _MONTH_COUNTERS}
        update.add |= {n: by for n, by in counters.items() if n not in _MONTH_COUNTERS}
    if source is Source.GRANTED:
        update.require("balance", ">=", 1)
    if source is Source.OVERAGE:
        # Credits that were granted since go first.
        update.names["#balance"], update.values[":one"] = "balance", 1
        update.conditions.append("(attribute_not_exists(#balance) OR #balance < :one)")
        if stored.overage_enabled:
            update.require("overage", "=", True)
    # An upgrade and a downgrade count from the next request on, as an overage switch does.
    update.require("plan", "=", "" if stored.plan_name == DEFAULT_PLAN else stored.plan_name)
    if current.plan_name != stored.plan_name:
        update.set["plan"] = current.plan_name
    return update


def _count(update: _Update, window: str, stored: str, current: str, limit: int | None) -> None:
    update.require(window, "=", stored)
    if stored == current:
        update.add[f"{window}_used"] = 1
        if limit is not None:
            update.require(f"{window}_used", "<", limit)
    else:
        update.set |= {window: current, f"{window}_used": 1}


def _giving_back(stored: Account, charged: Charge) -> _Update:
    update = _Update()
    for window in ("minute", "day", "month"):
        update.require(window, "=", getattr(stored, window))
    for window in ("minute", "day"):
        if getattr(stored, window) == getattr(charged.account, window):
            update.add[f"{window}_used"] = -1
    counters = _SOURCE_COUNTERS[charged.source] if charged.source else {}
    for name, by in counters.items():
        if name not in _MONTH_COUNTERS or stored.month == charged.account.month:
            update.add[name] = -by
    return update


class _Different(Exception):
    def __init__(self, account: Account) -> None:
        super().__init__("the account is not as it was seen")
        self.account = account


class _InConflict(Exception):
    pass


def _write(table: Table, user_id: str, update: _Update, *, again: bool = False) -> Account:
    """Sent once: a repeated ADD would count twice. At worst a request is counted and not served.

    A charge is sent `again` over a dead connection, and may be counted twice. What is given back
    is not: twice given back would be a request that nobody counted.
    """
    try:
        answer = table.add(
            keys.credits(user_id),
            again=again,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **update.arguments(),
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            old: Any = error.response.get("Item", {})
            raise _Different(account_from(plain(old))) from error
        if code == "TransactionConflictException":
            raise _InConflict from error
        raise
    return account_from(plain(answer["Attributes"]))


def set_plan(table: Table, user_id: str, plan_name: str, *, overage: bool) -> None:
    """Put the account on a plan. The default plan and overage off are the absence of a word."""
    given = {"plan": None if plan_name == DEFAULT_PLAN else plan_name, "overage": overage or None}
    kept = {name: value for name, value in given.items() if value is not None}
    clauses = []
    if kept:
        clauses.append("SET " + ", ".join(f"#{name} = :{name}" for name in kept))
    if len(kept) < len(given):
        clauses.append("REMOVE " + ", ".join(f"#{name}" for name in given if name not in kept))
    table.write(
        table.update(
            "plan",
            keys.credits(user_id),
            " ".join(clauses),
            {f":{name}": value for name, value in kept.items()},
            names={f"#{name}": name for name in given},
        )
    )
