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

from referrals.rules.errors import StateConflict
from referrals.rules.payment import CustomerLinked
from referrals.rules.programme import Programme
from tests.samples import NOW, charge, dispute, invoice
from tests.store.orders_model import PAID, PART, Told
from tests.store.scene import Scene
from tests.tables import direct_table

FACTS = ("link", "paid", "paid under another id", "partial refund", "full refund", "dispute")
EVENTS = (*FACTS, "approve", "reject", "recover")
MOST = 5

_OLD = {"paid": {"charge_id": "ch_1"}, "charge": {"invoice_id": "in_1"}, "dispute": {}}
_INTENT = {"payment_intent_id": "pi_1"}
_NEW = {"paid": _INTENT, "charge": _INTENT, "dispute": _INTENT}


# What no decision reads: how often it was changed, and under which id the payment was told.
_UNREAD = ("version", "event_id", "stripe_event_id")


class Walk:
    """One referral, taken through every order of events."""

    def __init__(self, *, suspicious: bool, held: bool, shape: dict) -> None:
        self.scene = Scene(Programme(hold_days=7 if held else 0), direct_table())
        self.scene.sign_up(flags=("disposable_email",) if suspicious else ())
        self.shape = shape
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
        for event in EVENTS:
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
        scene = self.scene
        charged = charge(**self.shape["charge"])
        match event:
            case "link":
                scene.tell(CustomerLinked(customer_id="cus_1", user_id="new"))
            case "paid":
                scene.tell(charged, invoice(**self.shape["paid"]))
            case "paid under another id":
                scene.tell(charged, invoice(event_id="evt_2", **self.shape["paid"]))
            case "partial refund":
                scene.tell(charge(refunded=PART, **self.shape["charge"]))
            case "full refund":
                scene.tell(charge(refunded=PAID, **self.shape["charge"]))
            case "dispute":
                scene.tell(dispute(**self.shape["dispute"]))
            case "approve":
                scene.approve()
            case "reject":
                scene.reject()
            case "recover":
                scene.recover(NOW + timedelta(days=8))

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
        for event in {order[-1], *again} & {order[-1], *FACTS}:
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


@pytest.mark.parametrize("held", [False, True], ids=["granted at once", "held"])
@pytest.mark.parametrize("suspicious", [False, True], ids=["clean", "flagged"])
def test_every_order_of_events_ends_where_the_design_says(suspicious, held):
    walk = Walk(suspicious=suspicious, held=held, shape=_NEW if suspicious else _OLD)
    walk.take()
    expected = {"attributed", "rejected", "rewarded"}
    expected |= {"review_required"} if suspicious else set()
    expected |= {"qualified"} if held else set()
    assert set(walk.statuses) == expected
