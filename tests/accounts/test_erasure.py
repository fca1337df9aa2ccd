"""Erasure: a person's identifiers are gone from every item, and every figure still adds up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest

from referrals.acts import erasure
from referrals.acts.erasure import BOOKINGS, REFERRALS, Erasure
from referrals.acts.intake import EmailSeen
from referrals.dynamodb import side_by_side
from referrals.dynamodb.parts import Busy
from referrals.edge import service, settings
from referrals.rules.attribution import Status
from referrals.rules.errors import InvalidRequest, NotFound, StateConflict
from referrals.rules.facts import CustomerLinked
from referrals.store import api_keys, codes, facts, keys
from referrals.views.members import code_of
from tests.accounts.erased import (
    ADDRESS,
    ERASED,
    HER_CODE,
    HER_KEY,
    JANE,
    KNOWN_TO_STRIPE,
    Cut,
    CutShort,
    Held,
    Jane,
)
from tests.functions.client import invoke
from tests.recounted import recounted
from tests.samples import NOW, PAID, SECRET, charge
from tests.simulation.standins import InTurn


@pytest.fixture
def jane(table, monkeypatch):
    # No threads but those that a test starts: they would take half of the time.
    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", InTurn)
    return Jane(table=table)


def test_nothing_that_is_stored_names_the_person(jane):
    assert len(jane.traces()) > 10
    jane.erase()
    assert jane.traces() == []


def test_the_money_trail_stays_under_the_tombstone(jane):
    jane.erase()
    assert jane.account(ERASED) == (20_000 - 3, 3)
    assert jane.account(JANE) == (0, 0)
    ledger = list(jane.table.query(keys.user(ERASED), prefix=keys.LEDGER_PREFIX))
    assert [item["credits"] for item in ledger] == [10_000, 10_000]


def test_every_figure_still_adds_up(jane):
    jane.erase()
    assert recounted(jane.table).differences == ()
    assert jane.broken() == []


def test_the_answer_tells_what_was_rewritten(jane):
    done = jane.erase()
    assert (done.tombstone, done.attributions, done.bookings) == (ERASED, 3, 2)


def test_a_second_erasure_finds_nothing_to_do(jane):
    jane.erase()
    after = jane.items()
    again = jane.erase()
    assert (again.attributions, again.bookings) == (0, 0)
    assert jane.items() == after


def test_the_erasure_of_a_tombstone_finds_nothing_to_do(jane):
    jane.erase()
    after = jane.items()
    again = erasure.erase(jane.table, SECRET, ERASED, None, jane.programme)
    assert again == Erasure(ERASED, 0, 0)
    assert jane.items() == after


def test_an_account_of_many_bookings_moves_whole(jane):
    booking = next(jane.table.query(keys.user(JANE), prefix=keys.LEDGER_PREFIX))
    for number in range(95):
        jane.table.write(jane.table.put("ledger", {**booking, "sk": f"LEDGER#old-{number:03}"}))
    place = keys.credits(JANE)
    jane.table.write(jane.table.update("credits", place, "ADD balance :sum", {":sum": 950_000}))
    assert jane.erase().bookings == 97
    assert jane.account(ERASED) == (970_000 - 3, 3)
    assert jane.traces() == []


def test_of_a_user_with_more_than_there_is_time_for_each_call_goes_on_where_the_last_ended(
    jane, monkeypatch
):
    monkeypatch.setattr(erasure, "_REFERRALS_AT_ONCE", 2)
    monkeypatch.setattr(erasure, "_BOOKINGS_AT_ONCE", 1)
    for number in range(5):
        jane.sign_up(f"friend-{number}", code=HER_CODE)
    whole = jane.twin()
    whole.erase()
    jane.table.allow(0)
    told = []
    while not told or told[-1].left:
        told.append(jane.erase())
        assert recounted(jane.table).differences == ()
        assert len(told) < 20
    # Herself and seven friends; two bookings.
    assert [one.attributions for one in told] == [3, 2, 2, 1, 0, 0]
    assert [one.bookings for one in told] == [0, 0, 0, 1, 1, 0]
    assert told[0].left == (REFERRALS, BOOKINGS)
    assert told[-2].left == (BOOKINGS,)
    assert jane.items() == whole.items()


def test_what_a_call_left_is_finished_by_the_daily_reconciliation(jane, monkeypatch):
    monkeypatch.setattr(erasure, "_REFERRALS_AT_ONCE", 1)
    jane.table.allow(0)
    assert jane.erase().left
    monkeypatch.setattr(settings, "_secret", lambda _: SECRET.decode())
    monkeypatch.setattr(service, "table", lambda: jane.table)
    invoke("reconcile", {})
    assert jane.traces() == []


def test_cut_short_at_any_call_and_repeated_it_ends_the_same(jane):
    whole = jane.twin()
    whole.erase()
    for call in count(1):
        cut = jane.twin()
        try:
            with CutShort(cut.table, call):
                cut.erase()
        except Cut:
            cut.erase()
            assert cut.items() == whole.items(), call
        else:
            break
    assert call > 25


def test_cut_short_at_any_call_it_is_finished_by_the_daily_reconciliation(jane, monkeypatch):
    """The address is told by the request alone, and keeps her out all the same."""
    whole = jane.twin()
    whole.erase("an address that only the request tells")
    monkeypatch.setattr(settings, "_secret", lambda _: SECRET.decode())
    for call in count(3):
        cut = jane.twin()
        monkeypatch.setattr(service, "table", lambda table=cut.table: table)
        try:
            with CutShort(cut.table, call):
                cut.erase("an address that only the request tells")
        except Cut:
            invoke("reconcile", {})
            assert cut.items() == whole.items(), call
        else:
            break
    assert call > 25


@pytest.mark.parametrize("dies", [True, False])
def test_held_at_any_call_and_sent_again_meanwhile_nothing_moves_twice(jane, dies):
    whole = jane.twin()
    whole.erase()
    for call in count(1):
        twin = jane.twin()
        with Held(twin.table, call, twin.erase, dies=dies) as held, suppress(Cut):
            twin.erase()
        if held.over:
            break
        assert twin.items() == whole.items(), call
    assert call > 25


def test_erased_by_several_at_the_same_time_all_are_answered_and_every_figure_adds_up(jane):
    whole = jane.twin()
    whole.erase()
    for _ in range(8):
        twin = jane.twin()
        with ThreadPoolExecutor(4) as pool:
            started = [pool.submit(twin.erase) for _ in range(4)]
            done = [one.result() for one in started]
        assert {one.tombstone for one in done} == {ERASED}
        assert twin.items() == whole.items()


@pytest.mark.parametrize("call", [1, 2])
def test_cut_short_before_the_tombstone_stands_nothing_was_begun(jane, call):
    before = jane.traces()
    with pytest.raises(Cut), CutShort(jane.table, call):
        jane.erase()
    assert jane.traces() == before
    assert jane.broken() == []


def test_the_same_user_id_is_not_referred_again(jane):
    jane.erase()
    with pytest.raises(StateConflict) as refused:
        jane.sign_up(JANE)
    assert refused.value.state == "erased"


def test_the_same_address_is_not_referred_again_under_another_id(jane):
    jane.erase(email=None)
    before = jane.items()
    with pytest.raises(StateConflict):
        jane.sign_up("jane-2", email_hash=ADDRESS)
    assert jane.items() == before


def test_an_address_that_only_the_request_tells_is_not_referred_either(jane):
    jane.erase(email="another address of hers")
    with pytest.raises(StateConflict):
        jane.sign_up("jane-2", email_hash="another address of hers")


def test_others_are_referred_as_before(jane):
    jane.erase()
    assert jane.sign_up("another").referred_user_id == "another"


def test_a_refund_after_the_erasure_still_takes_the_credits_back(jane):
    jane.erase()
    jane.tell(charge(refunded=PAID))
    assert jane.of(JANE).status is Status.REJECTED
    assert jane.account(ERASED) == (10_000 - 3, 3)
    assert recounted(jane.table).differences == ()


@pytest.mark.parametrize("dies", [True, False])
@pytest.mark.parametrize(("spent", "left"), [(3, 9_997), (15_000, 0)])
def test_a_refund_in_the_middle_of_an_erasure_takes_what_there_is_and_no_more(
    jane, monkeypatch, dies, spent, left
):
    monkeypatch.setattr(erasure, "_BOOKINGS_AT_ONCE", 1)
    more = {":spent": spent - 3, ":left": 3 - spent}
    adds = "ADD spent :spent, balance :left"
    jane.table.write(jane.table.update("spent", keys.credits(JANE), adds, more))
    for call in count(1):
        twin = jane.twin()

        def refund(twin=twin):
            with suppress(Busy):
                twin.tell(charge(refunded=PAID))

        with Held(twin.table, call, refund, dies=dies) as held, suppress(Cut):
            twin.erase()
        # The daily run finishes an erasure, and Stripe sends again.
        twin.erase()
        refund()
        assert twin.account(ERASED) == (left, spent), call
        assert twin.broken() == [], call
        assert recounted(twin.table).differences == (), call
        if held.over:
            break
    assert call > 25


def test_a_payment_in_the_middle_of_an_erasure_takes_no_slot_of_a_full_month(jane):
    jane.programme = replace(jane.programme, monthly_cap=1)
    for call in count(1):
        twin = jane.twin()

        def pays(twin=twin):
            with suppress(Busy):
                twin.pay("bob")

        with Held(twin.table, call, pays, dies=True) as held, suppress(Cut):
            twin.erase()
        # The daily run finishes an erasure, and Stripe sends again.
        twin.erase()
        pays()
        assert (twin.of("ann").status, twin.of("bob").status) == (Status.REWARDED, Status.CAPPED)
        assert recounted(twin.table).differences == (), call
        if held.over:
            break
    assert call > 25


def test_what_stripe_tells_later_leaves_no_trait_of_the_person(jane):
    jane.erase()
    jane.sell()
    assert jane.traces() == []


def test_a_report_that_was_held_while_she_was_erased_does_not_bring_her_card_back(jane):
    jane.just_before("PutItem", ":seen", jane.erase)
    facts.record(jane.table, charge(refunded=PAID), NOW)
    assert jane.traces() == []


def _is_linked(jane):
    """Stripe tells of one more customer of hers, and of an address."""
    jane.just_before("UpdateItem", "ADD user_ids", jane.erase)
    linked = CustomerLinked(customer_id="cus_2", user_id=JANE)
    jane.tell(linked, EmailSeen(customer_id="cus_2", email_hash=KNOWN_TO_STRIPE))


def _pays_with_another_card(jane):
    jane.just_before("UpdateItem", "PROFILE", jane.erase)
    jane.tell(charge(charge_id="ch_2", card="her-card-2"))


def _asks_for_her_code(jane):
    jane.erase()
    codes.create(jane.table, JANE, "NEWCODE00000")


@pytest.mark.parametrize("held", [_is_linked, _pays_with_another_card, _asks_for_her_code])
def test_whom_a_request_names_that_was_held_while_they_were_erased_is_erased_again(
    jane, monkeypatch, held
):
    held(jane)
    assert jane.traces() != []
    monkeypatch.setattr(settings, "_secret", lambda _: SECRET.decode())
    monkeypatch.setattr(service, "table", lambda: jane.table)
    invoke("reconcile", {})
    assert jane.traces() == []
    assert jane.broken() == []
    assert recounted(jane.table).differences == ()


def test_an_erased_person_gets_no_new_code(jane):
    jane.erase()
    with pytest.raises(NotFound):
        code_of(jane.table, SECRET, JANE, lambda: "NEWCODE00000", "her-address")
    assert jane.traces() == []


def test_a_referral_that_waits_is_granted_to_the_tombstone(jane):
    jane.erase()
    jane.pay("bob")
    assert jane.of("bob").status is Status.REWARDED
    assert jane.account(ERASED) == (30_000 - 3, 3)
    assert recounted(jane.table).differences == ()


def test_the_code_of_an_erased_referrer_is_refused(jane):
    jane.erase()
    with pytest.raises(InvalidRequest):
        jane.sign_up("carl", code=HER_CODE)
    codes._recent.clear()
    with pytest.raises(InvalidRequest):
        jane.click(code=HER_CODE)


def test_the_keys_of_an_erased_person_are_unknown(jane):
    assert api_keys.find(jane.table, HER_KEY) is not None
    jane.erase()
    assert api_keys.find(jane.table, HER_KEY) is None
