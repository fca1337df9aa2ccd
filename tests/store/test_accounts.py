"""A user's credits as they read them: the balance, and the ledger page by page."""

from datetime import timedelta

import pytest

from referrals.store import accounts
from tests.samples import NOW, PAID, charge
from tests.store.scene import Scene


def _ledger(scene, user_id, limit):
    found, after = [], None
    while True:
        entries, after = accounts.ledger_page(scene.table, user_id, limit, after)
        found += entries
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_ledger_explains_the_balance_page_by_page(limit):
    scene = Scene()
    for user in ("new1", "new2"):
        scene.sign_up(user)
        scene.pay(user, charge_id=f"ch_{user}")
    refunded = charge(charge_id="ch_new1", customer_id="cus_new1", refunded=PAID // 4)
    scene.tell(refunded)
    entries = _ledger(scene, "ref", limit)
    assert sorted((entry.kind, entry.credits) for entry in entries) == [
        ("grant", 10_000),
        ("grant", 10_000),
        ("reversal", -2_500),
    ]
    assert len({entry.key for entry in entries}) == 3
    assert accounts.balances(scene.table, ["ref", "new1"]) == {"ref": 17_500, "new1": 7_500}


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_ledger_is_read_newest_first(limit):
    scene = Scene()
    for day, user in enumerate(("new3", "new1", "new2")):
        scene.sign_up(user)
        scene.pay(user, at=NOW + timedelta(days=day))
    booked = [entry.at for entry in _ledger(scene, "ref", limit)]
    assert booked == [NOW + timedelta(days=day) for day in (2, 1, 0)]


def test_a_user_without_an_account_has_nothing():
    scene = Scene()
    assert accounts.balances(scene.table, ["nobody"]) == {"nobody": 0}
    assert _ledger(scene, "nobody", 10) == []
