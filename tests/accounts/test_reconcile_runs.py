"""Reconciliation in many runs: each goes on where the last ended or died, and none disturbs."""

from contextlib import suppress
from datetime import timedelta
from itertools import count, islice

import pytest

from referrals.acts import reconcile as reconcile_module
from referrals.acts import repairs
from referrals.acts.fold import fold
from referrals.acts.reconcile import reconcile
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Status
from referrals.rules.facts import CustomerLinked
from referrals.rules.programme import Programme
from referrals.store import facts, keys, reconciliation
from referrals.store.reconciliation import Phase
from tests.accounts.erased import Cut, CutShort, Jane
from tests.recounted import recounted
from tests.samples import NOW, PAID, SECRET, actor, charge, invoice
from tests.store.bill import billed


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """So that a few items take many steps."""
    monkeypatch.setattr(reconcile_module, "_AT_ONCE", 9)


@pytest.fixture
def jane(table):
    return Jane(table=table)


def run(scene, at=NOW, *, anew=True):
    return reconcile(scene.table, SECRET, Programme(), actor(at, "schedule"), anew=anew)


def finished(scene, steps, at=NOW):
    """All that was told until it was done, however many runs that takes, and the last figures."""
    told, runs, last = [], count(1), None
    while last is None or last.next is not None:
        for step in steps:
            told += step.differences
            last = step
        steps = run(scene, at + timedelta(seconds=next(runs)), anew=False)
    return set(told), last.done


def figures(place):
    return place.items, place.differences


@pytest.fixture
def false(jane):
    """Differences of several kinds, a payment that was not settled, an erasure cut short."""
    table = jane.table
    table.write(table.update("x", keys.credits("ann"), "SET spent = :n", {":n": 5}))
    table.write(
        table.update("x", keys.monthly_rewards("ref", "2026-11"), "SET qualified = :n", {":n": 7})
    )
    jane.sign_up("waiting", at=NOW + timedelta(days=1))
    facts.link(table, CustomerLinked(customer_id="cus_waiting", user_id="waiting"))
    facts.record(table, invoice(customer_id="cus_waiting", invoice_id="in_w"), NOW)
    with suppress(Cut), CutShort(table, 12):
        jane.erase()
    return jane


def of_money(scene):
    """All items but raw clicks, without the times at which something was done."""
    kept = ("pk", "sk", "credits", "balance", "spent", "status", "user_id", "user_ids", "qualified")
    return [{name: item.get(name) for name in kept} for item in scene.items()]


def test_many_runs_tell_and_finish_what_one_would(false, monkeypatch):
    one = false.twin()
    told, last = finished(one, run(one))
    assert len(told) == last.differences == len(recounted(false.table).differences) == 2
    assert one.traces() == []
    assert one.of("waiting").status is Status.REWARDED
    # No time at all: every run does one step.
    monkeypatch.setattr(Table, "time_left", 0.0)
    runs = iter(lambda: [*run(false, anew=False)], [])
    first = [*run(false)]
    steps = [*first, *(step for some in runs for step in some)]
    assert len(steps) > 20
    assert {said for step in steps for said in step.differences} == told
    assert figures(steps[-1].done) == figures(last)
    assert of_money(false) == of_money(one)


def test_a_run_that_dies_at_any_call_loses_nothing(false, monkeypatch):
    """Every eleventh call is tried: a step has fewer kinds of calls than that."""
    monkeypatch.setattr(reconcile_module, "_AT_ONCE", 50)
    whole = false.twin()
    told, last = finished(whole, run(whole))
    for call in count(1, 11):
        twin = false.twin()
        heard = set()
        try:
            with CutShort(twin.table, call):
                for step in run(twin):
                    heard |= set(step.differences)
        except Cut:
            begun = reconciliation.under_way(twin.table) is not None
            more, done = finished(twin, run(twin, NOW + timedelta(minutes=1), anew=not begun))
            assert heard | more == told, call
            assert figures(done) == figures(last), call
            assert of_money(twin) == of_money(whole), call
        else:
            break
    assert call > 100


def test_two_at_once_do_each_other_no_harm(false):
    whole = false.twin()
    told, last = finished(whole, run(whole))
    heard, ended = set(), []
    runs = [run(false), run(false, NOW + timedelta(seconds=1))]
    while runs:
        for one in list(runs):
            step = next(one, None)
            if step is None:
                runs.remove(one)
                continue
            heard |= set(step.differences)
            ended += [step.done] if step.next is None else []
    assert heard == told
    assert [figures(one) for one in ended] == [figures(last)]
    assert of_money(false) == of_money(whole)
    assert reconciliation.under_way(false.table) is None


def test_what_happens_between_the_steps_is_no_difference(jane, monkeypatch):
    """Everything that moves money or counts, while the books are compared item by item."""
    monkeypatch.setattr(reconcile_module, "_AT_ONCE", 2)
    acts = _a_busy_day(jane)
    told = []
    for step in run(jane):
        told += step.differences
        if step.next is not None and step.next.phase is not Phase.REPAIRS:
            next(acts, None)
    assert next(acts, None) is None, "not all of it happened meanwhile"
    assert told == []
    assert jane.broken() == []


def _a_busy_day(scene):
    for number in range(12):
        at = NOW + timedelta(hours=number)
        user, payment = f"new-{number}", f"ch_{number}"
        yield scene.click(f"click-{number}", at, utm_campaign=f"campaign-{number % 2}")
        yield scene.sign_up(user, at, click_id=f"click-{number}")
        yield scene.pay(user, at, charge_id=payment)
        refunded = PAID // (1 + number % 2)
        told = charge(charge_id=payment, customer_id=f"cus_{user}", refunded=refunded)
        yield scene.tell(told, at=at)
        yield fold(scene.table) if number % 3 == 0 else None
    yield scene.erase()


def test_who_had_not_ended_is_finished_and_then_all_is_compared_anew(jane):
    (*_, unfinished) = islice(run(jane), 3)
    assert unfinished.next is not None
    jane.table.write(jane.table.update("x", keys.credits("ann"), "SET spent = :n", {":n": 5}))
    steps = [*run(jane, NOW + timedelta(days=1))]
    ended = [step.done for step in steps if step.next is None]
    assert [one.started for one in ended] == [NOW, NOW + timedelta(days=1)]
    assert ended[1].differences == 1


def test_who_is_asked_anew_without_the_time_for_it_does_so_later(jane, monkeypatch):
    (*_, unfinished) = islice(run(jane), 3)
    assert unfinished.next is not None
    monkeypatch.setattr(Table, "time_left", 0.0)
    later = NOW + timedelta(days=1)
    asked = [*run(jane, later)]
    runs = iter(lambda: [*run(jane, later, anew=False)], [])
    steps = [*asked, *(step for some in runs for step in some)]
    assert [step.done.started for step in steps if step.next is None] == [NOW, later]


def test_what_is_told_is_told_before_anything_is_repaired(false):
    repaired = []
    for step in run(false):
        if step.done.phase is Phase.REPAIRS:
            repaired.append(step)
        else:
            assert not repaired
            assert false.traces() != []
            assert false.of("waiting").status is Status.ATTRIBUTED
    assert repaired
    assert false.of("waiting").status is Status.REWARDED


def test_a_repair_that_fails_keeps_no_other_waiting(false, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(repairs, "erase", fail)
    finished(false, run(false))
    assert false.of("waiting").status is Status.REWARDED
    assert false.traces() != []
    monkeypatch.undo()
    finished(false, run(false, NOW + timedelta(days=1)), NOW + timedelta(days=1))
    assert false.traces() == []


def test_who_paid_too_late_is_not_settled_again_every_day(jane):
    """Of those there are ever more; a payment in time is what a day may have missed."""
    jane.sign_up("late")
    late = NOW + timedelta(days=40)
    jane.pay("late", at=late)
    assert jane.of("late").status is Status.EXPIRED
    assert recounted(jane.table).unsettled == ()
    before = jane.items()
    finished(jane, run(jane, late + timedelta(days=1)), late + timedelta(days=1))
    assert jane.items() == before


def test_where_nothing_is_left_a_run_costs_one_read(jane, monkeypatch):
    with billed(jane.table, monkeypatch) as bill:
        assert [*run(jane, anew=False)] == []
    assert (bill.calls, bill.writes) == (["GetItem"], 0)
