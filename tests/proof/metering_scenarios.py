"""Metering from what was last seen: whatever has changed since, it charges as if it had looked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from referrals.dynamodb.table import Table
from referrals.rules.credits import Account, Source, Window, source_of, window_at
from referrals.rules.errors import LimitExceeded
from referrals.store import keys, metering
from referrals.store.metering import Charge, account_from
from tests.proof.scenarios import SCENARIOS
from tests.proof.stage import Stage
from tests.samples import NOW

USER = "user"
_BEFORE = NOW - timedelta(days=40)
_HERE = {window.value: window_at(window, NOW) for window in Window}
_THERE = {window.value: window_at(window, _BEFORE) for window in Window}
SEEN = Account(plan_name="starter", **_HERE, minute_used=3, day_used=3, included_used=3, balance=5)
USED_UP = replace(SEEN, included_used=20_000)
OVER = replace(USED_UP, balance=0, overage_enabled=True)
FREE = replace(SEEN, plan_name="free", included_used=2_000)

SMALLER = {"plan": "starter", "minute_used": 20}

# What was seen, and what is: (name, seen, stored attributes that differ from it).
CHANGES: list[tuple[str, Account, dict[str, Any]]] = [
    ("nothing", SEEN, {}),
    ("the account is new", Account(), {}),
    ("the minute began", replace(SEEN, minute=_THERE["minute"]), {"minute": _HERE["minute"]}),
    ("the day began", replace(SEEN, day=_THERE["day"]), {"day": _HERE["day"]}),
    ("the month began", replace(SEEN, month=_THERE["month"]), {"month": _HERE["month"]}),
    ("the first minute began", Account(), {"minute": _HERE["minute"], "minute_used": 3}),
    ("the first day began", Account(), {"day": _HERE["day"], "day_used": 3}),
    ("the first month began", Account(), {"month": _HERE["month"], "included_used": 3}),
    ("the minute is full", SEEN, {"minute_used": 15}),
    ("the day is full", SEEN, {"day_used": 5_000}),
    ("the included credits are used up", SEEN, {"included_used": 20_000}),
    ("included credits are left", USED_UP, {"included_used": 19_999}),
    ("the granted credits are used up", USED_UP, {"balance": 0, "overage": True}),
    ("nothing is left", USED_UP, {"balance": 0}),
    ("credits were granted", OVER, {"balance": 5}),
    ("there never were granted credits", OVER, {"balance": None}),
    ("no granted credits are left", OVER, {}),
    ("overage was switched off", OVER, {"overage": None}),
    ("the plan is a smaller one", replace(SEEN, plan_name="growth"), SMALLER),
    ("the plan was cancelled", SEEN, {"plan": None, "minute_used": 4, "included_used": 2_000}),
    ("the plan is a first one", FREE, {"plan": "starter"}),
]


def _charged_as_if_it_had_looked(stage: Stage, seen: Account, changed: dict[str, Any]) -> None:
    table = stage.table()
    _store(table, seen, changed)
    stored = account_from(table.get(keys.credits(USER)))
    metering._seen[table.name, USER] = seen
    try:
        expected = _after_one(stored)
    except LimitExceeded:
        with pytest.raises(LimitExceeded):
            metering.charge(table, USER, NOW)
        expected = stored
    else:
        metering.charge(table, USER, NOW)
    assert account_from(table.get(keys.credits(USER))) == expected


def _after_one(stored: Account) -> Account:
    """The account after one request, by the rules alone."""
    current = stored.at(NOW)
    used = {
        Source.INCLUDED: {"included_used": current.included_used + 1},
        Source.OVERAGE: {"overage_used": current.overage_used + 1},
        Source.GRANTED: {
            "granted_used": current.granted_used + 1,
            "balance": current.balance - 1,
            "spent": current.spent + 1,
        },
    }[source_of(current, NOW)]
    used |= {"minute_used": current.minute_used + 1, "day_used": current.day_used + 1}
    return replace(current, **used)


def _store(table: Table, seen: Account, changed: dict[str, Any]) -> None:
    place = keys.credits(USER)
    names = {"plan_name": "plan", "overage_enabled": "overage"}
    item = {names.get(name, name): value for name, value in vars(seen).items()}
    if item["plan"] == "free":
        item["plan"] = None
    item["overage"] = item["overage"] or None
    kept = {name: value for name, value in (item | changed).items() if value not in (None, "")}
    if seen == Account():
        kept = changed
    if kept:
        table.write(table.put("account", {"pk": place.pk, "sk": place.sk, **kept}))


def _given_back_only_where_it_was_taken(stage: Stage, window: str) -> None:
    table = stage.table()
    counters = {"minute": "minute_used", "day": "day_used", "month": "included_used"}
    _store(table, SEEN, {window: "9999-12", counters[window]: 1})
    charged = Charge(USER, Source.INCLUDED, SEEN)
    metering.give_back(table, charged)
    left = account_from(table.get(keys.credits(USER)))
    assert getattr(left, counters[window]) == 1


def _register() -> None:
    for name, seen, changed in CHANGES:
        SCENARIOS[f"a charge after: {name}"] = lambda stage, seen=seen, changed=changed: (
            _charged_as_if_it_had_looked(stage, seen, changed)
        )
    for window in ("minute", "day", "month"):
        SCENARIOS[f"a charge given back after the {window} ended"] = lambda stage, window=window: (
            _given_back_only_where_it_was_taken(stage, window)
        )


_register()
