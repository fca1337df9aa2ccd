"""Whatever order the events of a referral come in, it ends where the design says.

All orders of every subset of up to five events are walked as a tree, from a stored state to the
next. Orders that have led to the same table are one from there on. At every step the last
event, and facts before it, are delivered once more, which must change nothing.
"""

import json
from collections import Counter
from datetime import timedelta

import pytest
from ministack.services import dynamodb

from referrals.acts.intake import Fact
from referrals.rules.errors import StateConflict
from referrals.rules.facts import CustomerLinked
from referrals.rules.programme import Programme
from tests.samples import NOW, charge, dispute, invoice
from tests.store.orders_model import PAID, PART, Told
from tests.store.scene import Scene
from tests.tables import direct_table

STAFF = ("approve", "reject", "recover")
REFUNDED = ("link", "paid", "paid under another id", "partial refund", "full refund", "dispute")
WON = ("link", "paid", "dispute", "dispute won")
MOST = 5

_OLD = {"paid": {"charge_id": "ch_1"}, "charge": {"invoice_id": "in_1"}, "dispute": {}}
_INTENT = {"payment_intent_id": "pi_1"}
_NEW = {"paid": _INTENT, "charge": _INTENT, "dispute": _INTENT}


# What no decision reads: how often it was changed, and under which id the payment was told.
_UNREAD = ("version", "event_id", "stripe_event_id")


class Walk:
    """One referral, taken through every order of events."""

    def __init__(
        self, facts: tuple[str, ...], *, suspicious: bool, held: bool, shape: dict
    ) -> None:
        self.scene = Scene(Programme(hold_days=7 if held else 0), direct_table())
        self.scene.sign_up(flags=("disposable_email",) if suspicious else ())
        self.facts, self.shape = facts, shape
        self.start = Told(suspicious=suspicious, held=held)
        self.table = dynamodb._tables[self.scene.table.name]
        self.statuses: Counter[str] = Counter()
        self.seen: set[tuple] = set()

    def take(self) -> None:
        self._go_on(self.start, ())

    def _go_on(self, told: Told, order: tuple[str, ...]) -> None:
        self.statuses[told.status] += 1
        if len(order) == MOST:
            return
        before = self._snapshot()
        for event in (*self.facts, *STAFF):
            if event in order:
                continue
            known, refused = told.after(event)
            self._deliver(event, refused, (*order, event))
            place = frozenset((*order, event)), known, self._canonical()
            if place not in self.seen:
                self.seen.add(place)
                self._check(known, (*order, event))
                self._deliver_again(known, (*order, event))
                self._go_on(known, (*order, event))
            self._restore(before)

    def _deliver(self, event: str, refused: bool, order: tuple[str, ...]) -> None:
        try:
            self._act(event)
        except StateConflict:
            assert refused, f"{order}: refused"
        else:
            assert not refused, f"{order}: not refused"

    def _act(self, event: str) -> None:
        match event:
            case "approve":
                self.scene.approve()
            case "reject":
                self.scene.reject()
            case "recover":
                self.scene.recover(NOW + timedelta(days=8))
            case _:
                self.scene.tell(*self._told(event))

    def _told(self, event: str) -> tuple[Fact, ...]:
        paid, charged, disputed = (self.shape[kind] for kind in ("paid", "charge", "dispute"))
        return {
            "link": (CustomerLinked(customer_id="cus_1", user_id="new"),),
            "paid": (charge(**charged), invoice(**paid)),
            "paid under another id": (charge(**charged), invoice(event_id="evt_2", **paid)),
            "partial refund": (charge(refunded=PART, **charged),),
            "full refund": (charge(refunded=PAID, **charged),),
            "dispute": (dispute(**disputed),),
            "dispute won": (dispute(closed=True, won=True, **disputed),),
        }[event]

    def _check(self, told: Told, order: tuple[str, ...]) -> None:
        one = self.scene.of()
        net = {user: self.scene.balance(user) for user in ("ref", "new")}
        assert (one.status, one.skip_reason) == (told.status, told.skip_reason), order
        assert net == dict.fromkeys(net, told.net_credits), order
        if told.partly_refunded is not None:
            assert ("partially_refunded" in one.risk_flags) is told.partly_refunded, order
        assert self.scene.broken() == [], order

    def _deliver_again(self, told: Told, order: tuple[str, ...]) -> None:
        stored = json.dumps(self.table["items"], sort_keys=True)
        again = order if len(order) < MOST else (order[0], order[-1])
        for event in {order[-1], *again} & {order[-1], *self.facts}:
            self._deliver(event, told.after(event)[1], (*order, event))
            assert json.dumps(self.table["items"], sort_keys=True) == stored, (order, event)

    def _canonical(self) -> str:
        """The table but for what no decision reads."""
        items = [
            {name: value for name, value in item.items() if name not in _UNREAD}
            for partition in self.table["items"].values()
            for sk, item in partition.items()
            if not sk.startswith("AUDIT#")
        ]
        return json.dumps(sorted(items, key=lambda i: (i["pk"]["S"], i["sk"]["S"])), sort_keys=True)

    def _snapshot(self) -> dict:
        """Items are replaced by writes, never changed in place."""
        return {pk: dict(partition) for pk, partition in self.table["items"].items()}

    def _restore(self, snapshot: dict) -> None:
        self.table["items"].clear()
        self.table["items"].update({pk: dict(items) for pk, items in snapshot.items()})
        dynamodb._items_replaced(self.table)


@pytest.mark.parametrize("facts", [REFUNDED, WON], ids=["refunded and disputed", "dispute won"])
@pytest.mark.parametrize("held", [False, True], ids=["granted at once", "held"])
@pytest.mark.parametrize("suspicious", [False, True], ids=["clean", "flagged"])
def test_every_order_of_events_ends_where_the_design_says(suspicious, held, facts):
    walk = Walk(facts, suspicious=suspicious, held=held, shape=_NEW if suspicious else _OLD)
    walk.take()
    expected = {"attributed", "rejected", "rewarded"}
    expected |= {"review_required"} if suspicious else set()
    expected |= {"qualified"} if held else set()
    assert set(walk.statuses) == expected
