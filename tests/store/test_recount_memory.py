"""The recount holds a page, and not the table."""

from referrals.acts import reconcile
from referrals.acts.recount import funnel
from tests.bench.recount import measured


def test_six_times_as_many_items_take_less_than_twice_the_memory(monkeypatch):
    monkeypatch.setattr(reconcile, "_AT_ONCE", 100)
    monkeypatch.setattr(funnel, "_AT_ONCE", 50)
    few, many = (measured(referrals, memory=True) for referrals in (60, 360))
    assert many.items > 5.5 * few.items
    assert (few.differences, many.differences) == (0, 0)
    assert many.peak < 2 * few.peak
