"""`python -m tests.bench.recount`: what the daily recount takes of memory and of processor time.

The SDK is the real one and its requests are answered in this process, from items in key order; what
answering takes is measured by itself and left out.
"""

import json
import sys
import time
import tracemalloc
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ulid import ULID

from referrals.acts.reconcile import reconcile
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import dynamodb_values
from referrals.rules.attribution import Actor, Attribution, CapUse, Change, Status
from referrals.rules.clicks import Click
from referrals.rules.facts import ChargeSeen, InvoicePaid
from referrals.rules.ids import attribution_id
from referrals.rules.programme import Programme
from referrals.rules.rewards import grant
from referrals.rules.times import month_of, timestamp
from referrals.store import attributions, clicks, keys
from tests.bench.written import Written, folded, qualified
from tests.tables import Answered, ministack_client

Raw = dict[str, Any]
_SECRET = b"a secret of the bench"
_PROGRAMME = Programme()
_NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
_EACH_REFERS, _A_DAY = 8, 500
# Of some 11 items each: 2,000 and 40,000 together.
_SIZES = (175, 3_500)
_WHOLE = 10_000_000
# A run has 15 minutes, less what it leaves. A whole processor comes with 1,769 MB of memory.
_RUN_SECONDS, _ONE_PROCESSOR = 850, 1_769
_MEMORIES = (512, 1_024, 1_769)


class Sorted:
    """A table in memory, in key order; it answers what the recount asks, and knows how long."""

    def __init__(self, items: Sequence[Raw]) -> None:
        self._items = {(one["pk"]["S"], one["sk"]["S"]): one for one in items}
        self._places = sorted(self._items)
        self.seconds, self.calls, self.units = 0.0, 0, 0.0
        client = ministack_client(self._answer, retries={"total_max_attempts": 1})
        self.table = Table("referrals", client)

    def __len__(self) -> int:
        return len(self._items)

    def _answer(self, target: str, body: bytes) -> Answered:
        began = time.thread_time()
        operation, asked = target.split(".")[1], json.loads(body)
        answer: Raw = getattr(self, f"_{operation}")(asked)
        self.calls += 1
        sent = json.dumps(answer).encode()
        self.seconds += time.thread_time() - began
        return 200, {}, sent

    def _Scan(self, asked: Raw) -> Raw:  # noqa: N802 - DynamoDB's name
        start = asked.get("ExclusiveStartKey")
        low = bisect_right(self._places, _place(start)) if start else 0
        places = self._places[low : low + asked["Limit"]]
        found = [self._items[place] for place in places]
        self._read(found, 0.5)
        wanted = asked["ProjectionExpression"].split(", ")
        more = low + len(places) < len(self._places)
        last = {"LastEvaluatedKey": _key(places[-1])} if more else {}
        return {"Items": [_only(one, wanted) for one in found], **last}

    def _Query(self, asked: Raw) -> Raw:  # noqa: N802
        values = {name: one["S"] for name, one in asked["ExpressionAttributeValues"].items()}
        if "IndexName" in asked:
            pk, low, high = "", "", ""
        elif ":low" in values:
            pk, low, high = values[":pk"], values[":low"], values[":high"]
        else:
            pk, low = values[":pk"], values.get(":prefix", "")
            high = f"{low}\U0010ffff"
        first = bisect_left(self._places, (pk, low))
        last = bisect_right(self._places, (pk, high))
        places = self._places[first : min(last, first + asked.get("Limit", last))]
        found = [self._items[place] for place in places]
        self._read(found, 1)
        wanted = asked.get("ProjectionExpression", "").split(", ")
        if first + len(places) < last:
            return {"Items": found, "LastEvaluatedKey": _key(places[-1])}
        return {"Items": [_only(one, wanted) if wanted[0] else one for one in found]}

    def _BatchGetItem(self, asked: Raw) -> Raw:  # noqa: N802
        ((name, wanted),) = asked["RequestItems"].items()
        found = [self._items.get(_place(key)) for key in wanted["Keys"]]
        for one in found:
            self._read([one] if one else [], 1 if wanted["ConsistentRead"] else 0.5)
        return {"Responses": {name: [one for one in found if one]}, "UnprocessedKeys": {}}

    def _GetItem(self, asked: Raw) -> Raw:  # noqa: N802
        found = self._items.get(_place(asked["Key"]))
        self.units += 1
        return {"Item": found} if found else {}

    def _PutItem(self, asked: Raw) -> Raw:  # noqa: N802
        self._items[_place(asked["Item"])] = asked["Item"]
        return {}

    def _DeleteItem(self, asked: Raw) -> Raw:  # noqa: N802
        self._items.pop(_place(asked["Key"]), None)
        return {}

    def _read(self, items: Sequence[Raw], each: float) -> None:
        size = sum(len(name) + len(str(value)) for one in items for name, value in one.items())
        self.units += max(1, -(-size // 4096)) * each


def _place(key: Raw) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]


def _key(place: tuple[str, str]) -> Raw:
    return {"pk": {"S": place[0]}, "sk": {"S": place[1]}}


def _only(item: Raw, names: Sequence[str]) -> Raw:
    return {name: item[name] for name in names if name in item}


def programme(referrals: int) -> list[Raw]:
    """The items of a programme in which everybody refers eight; half of the referred have paid."""
    table = Written()
    for number in range(referrals):
        _refer(table, number)
    sums = [{"pk": k.pk, "sk": k.sk, **_named(one)} for k, one in folded(table).items()]
    return [*table.taken(), *map(dynamodb_values, sums)]


def _named(sums: Mapping[str, int]) -> dict[str, int]:
    """What was written tells a sum by the value's name, which for two is not the item's."""
    names = {"slots": "qualified", "credits": "balance"}
    return {names.get(name, name): number for name, number in sums.items() if name != "cap"}


def _refer(table: Written, number: int) -> None:
    referrer, user, customer = f"user-r{number // _EACH_REFERS}", f"user-{number}", f"cus_{number}"
    code = f"{number // _EACH_REFERS:012}"
    at = (_NOW - timedelta(days=number / _A_DAY)).replace(microsecond=0)
    born = Attribution(
        id=attribution_id(_SECRET, user),
        code=code,
        referrer_user_id=referrer,
        referred_user_id=user,
        status=Status.ATTRIBUTED,
        created_at=at,
        expires_at=at + _PROGRAMME.window,
        landing_path="/pricing",
        utm_campaign=("spring", "partners", None)[number % 3],
        stripe_customer_id=customer,
    )
    paid = number % 2 == 1
    change = _paid(born) if paid else Change(before=None, after=born)
    attributions.commit(table, change, monthly_cap=_EACH_REFERS)
    if number % _EACH_REFERS == 0:
        place = keys.code(code)
        table.items.append(dynamodb_values({"pk": place.pk, "sk": place.sk, "user_id": referrer}))
    for place, more in (
        (keys.profile(user), {"customers": {customer}}),
        (keys.stripe_link(customer), {"user_ids": {user}}),
    ):
        table.items.append(dynamodb_values({"pk": place.pk, "sk": place.sk, **more}))
    if paid:
        _told(table, customer, number, at)
    for other in range(2):
        ulid = ULID.from_datetime(at + timedelta(seconds=other))
        click = Click(click_id=clicks.mint(ulid), code=code, clicked_at=at)
        clicks.record_minted(table, click, ulid, timedelta(days=90))


def _paid(born: Attribution) -> Change:
    paid = qualified(born)
    granted = grant(paid, paid.rewards, Actor(name="stripe", at=born.created_at))
    slot = CapUse(user_id=born.referrer_user_id, month=month_of(born.created_at), slots=1)
    return replace(granted, before=None, cap=slot)


def _told(table: Written, customer: str, number: int, at: datetime) -> None:
    invoice = InvoicePaid(
        invoice_id=f"in_{number}",
        customer_id=customer,
        event_id=f"evt_{number}",
        amount_paid=2900,
        currency="usd",
        billing_reason="subscription_create",
        paid_at=at,
    )
    seen = ChargeSeen(
        charge_id=f"ch_{number}", customer_id=customer, amount=2900, refunded=0, created_at=at
    )
    for fact in (invoice, seen):
        place = keys.stripe_fact(customer, fact.kind, fact.id)
        told = {
            name: timestamp(value) if isinstance(value, datetime) else value
            for name, value in vars(fact).items()
            if value is not None
        }
        table.items.append(dynamodb_values({"pk": place.pk, "sk": place.sk, **told}))


@dataclass(frozen=True)
class Measured:
    """A whole reconciliation: its items, its largest moment, its own processor time."""

    items: int
    differences: int
    peak: int = 0
    seconds: float = 0.0
    calls: int = 0
    units: float = 0.0

    @property
    def each(self) -> float:
        """Processor seconds an item."""
        return self.seconds / self.items


def measured(referrals: int, *, memory: bool) -> Measured:
    """Reconcile a programme of so many referrals; memory or time, for one disturbs the other."""
    store = Sorted(programme(referrals))
    if memory:
        tracemalloc.start()
    began = time.process_time()
    actor = Actor(name="bench", at=_NOW)
    try:
        for step in reconcile(store.table, _SECRET, _PROGRAMME, actor, anew=True):
            last = step.done
        peak = tracemalloc.get_traced_memory()[1] if memory else 0
    finally:
        tracemalloc.stop()
    seconds = time.process_time() - began - store.seconds
    return Measured(last.items, last.differences, peak, seconds, store.calls, store.units)


def main() -> int:
    for referrals in _SIZES:
        memory, spent = measured(referrals, memory=True), measured(referrals, memory=False)
        print(
            f"{spent.items:>9,} items, {spent.differences} differences: "
            f"peak {memory.peak / 1e6:.1f} MB, {1e6 * spent.each:.0f} µs an item, "
            f"{spent.calls / spent.items:.3f} calls, {spent.units / spent.items:.2f} units"
        )
    for megabytes in _MEMORIES:
        share = min(1, megabytes / _ONE_PROCESSOR)
        seconds = _WHOLE * spent.each / share
        print(
            f"{_WHOLE:,} items at {megabytes:,} MB: {_WHOLE / seconds:,.0f} items/s, "
            f"{seconds / 3600:.1f} h of {seconds / _RUN_SECONDS:.0f} runs"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
