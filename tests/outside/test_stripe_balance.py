"""Credits on a customer's balance at Stripe: granted once, taken back, and given back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from referrals.acts.erasure import erase
from referrals.edge.http_credits import HttpCredits
from referrals.rules.attribution import Role
from referrals.rules.facts import CustomerLinked
from tests.outside.product import SECRET as PRODUCT_SECRET
from tests.outside.product import URL
from tests.outside.stripe_account import (
    FAILS_AFTER,
    FAILS_BEFORE,
    FATES,
    LOST_ANSWER,
    LOST_REQUEST,
)
from tests.recounted import recounted
from tests.samples import PAID, SECRET


@pytest.fixture
def scene(made):
    scene = made("stripe_balance")
    scene.link("ref")
    return scene


class Died(BaseException):
    """The process died: no `except Exception` hears of it."""


class _Dying:
    """A client with which a process dies as it is about to book what was done outside."""

    def __init__(self, client):
        self.client = client
        self.exceptions = client.exceptions

    def __getattr__(self, name):
        call = getattr(self.client, name)

        def asked(**arguments):
            if "credits_granted_at" in str(arguments):
                raise Died
            return call(**arguments)

        return asked


def _reward(scene, role=Role.REFERRED, user="new"):
    return next(one for one in scene.of(user).rewards if one.role is role)


def _posts(scene):
    return [one for one in scene.wire.asked if one.startswith("post")]


def test_a_payment_asks_nothing_of_the_outside_and_leaves_the_grants_owed(scene):
    assert scene.paid().status == "qualified"
    assert scene.wire.asked == []
    assert [reward.pending for reward in scene.of().rewards] == [True, True]
    assert scene.differences() == []


def test_recovery_grants_both_and_the_referral_is_rewarded(scene):
    scene.paid()
    done = scene.recovered()
    assert (done.recovered, done.errors) == (2, ())
    assert scene.of().status == "rewarded"
    assert (scene.credit("ref"), scene.credit("new")) == (1_000, 1_000)
    assert scene.balance("ref") == scene.balance("new") == 0
    assert _reward(scene).outside_id in [one["id"] for one in scene.account.transactions]
    assert scene.differences() == []


def test_again_recovery_asks_nothing(scene):
    scene.paid()
    scene.recovered()
    asked = list(scene.wire.asked)
    assert scene.recovered().attempted == 0
    assert scene.wire.asked == asked


def test_what_is_written_on_the_transaction_names_the_booking(scene):
    scene.paid()
    scene.recovered()
    told = {one["metadata"]["credits_grant_key"] for one in scene.account.transactions}
    assert told == {reward.id for reward in scene.of().rewards}


@pytest.mark.parametrize("fate", FATES)
def test_whatever_befalls_the_first_request_the_credits_come_once(scene, fate):
    scene.paid()
    fates = [fate]
    scene.wire.before = lambda *_: fates.pop() if fates else None
    scene.recovered()
    for _ in range(4):
        scene.later(timedelta(hours=7))
        scene.recovered()
    assert scene.of().status == "rewarded"
    assert (scene.credit("ref"), scene.credit("new")) == (1_000, 1_000)
    assert scene.differences() == []


def test_a_lost_answer_is_no_second_grant_once_the_key_is_forgotten(scene):
    scene.paid()
    scene.wire.before = lambda method, _: LOST_ANSWER if method == "post" else None
    scene.recovered()
    assert len(scene.account.transactions) == 2
    scene.wire.before = lambda *_: None
    scene.later(timedelta(hours=25))
    scene.recovered()
    assert len(scene.account.transactions) == 2
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_run_that_died_after_the_effect_is_no_second_grant_once_the_key_is_forgotten(scene):
    scene.paid()
    alive = scene.table.client
    scene.table.client = _Dying(alive)
    with pytest.raises(Died):
        scene.recovered()
    scene.table.client = alive
    assert len(scene.account.transactions) == 1
    scene.later(timedelta(hours=25))
    scene.recovered()
    assert len(scene.account.transactions) == 2
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_stored_500_after_the_effect_is_found_and_adopted_at_once(scene):
    scene.paid()
    scene.wire.before = lambda method, _: FAILS_AFTER if method == "post" else None
    scene.recovered()
    scene.wire.before = lambda *_: None
    scene.later(timedelta(minutes=5))
    assert scene.recovered().recovered == 2
    assert len(scene.account.transactions) == 2
    assert scene.differences() == []


def test_a_stored_500_without_an_effect_is_granted_when_stripe_has_forgotten_it(scene):
    scene.paid()
    scene.wire.before = lambda method, _: FAILS_BEFORE if method == "post" else None
    scene.recovered()
    scene.wire.before = lambda *_: None
    scene.later(timedelta(hours=1))
    assert scene.recovered().recovered == 0
    scene.later(timedelta(hours=24))
    assert scene.recovered().recovered == 2
    assert scene.differences() == []


def test_while_stripe_is_down_few_are_tried_and_all_are_granted_afterwards(scene):
    users = [f"new{n}" for n in range(6)]
    for user in users:
        scene.paid(user)
    scene.wire.before = lambda *_: LOST_REQUEST
    done = scene.recovered(ignore_backoff=False, limit=200)
    assert 0 < len(done.errors) < 12
    assert all("Stripe did not answer" in error for error in done.errors)
    scene.wire.before = lambda *_: None
    scene.later()
    scene.recovered(ignore_backoff=False, limit=200)
    assert {scene.of(user).status for user in users} == {"rewarded"}
    assert scene.credit("ref") == 6_000
    assert scene.differences() == []


def test_the_error_says_stripe_s_words_and_no_secret(scene):
    scene.paid()
    scene.account.customers["cus_new"]["currency"] = "eur"
    scene.recovered()
    assert _reward(scene).credits_grant_error == (
        "Stripe: You cannot combine currencies on a single customer."
    )
    scene.account.refusal = "the key sk_live_51abc*** may not"
    scene.recovered()
    assert _reward(scene).credits_grant_error == "Stripe: the key … may not"


def test_a_refused_grant_is_made_at_the_price_that_was_mended(scene):
    scene.paid()
    scene.account.customers["cus_new"]["currency"] = "eur"
    scene.recovered()
    scene.backend._currency = "eur"
    scene.later()
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert _reward(scene).currency == "eur"
    assert scene.differences() == []


def test_a_user_without_a_customer_waits_visibly_and_is_granted_once_linked(made):
    scene = made("stripe_balance")
    scene.paid()
    scene.recovered(ignore_backoff=False)
    waiting = _reward(scene, Role.REFERRER)
    assert waiting.credits_grant_error == "the user has no Stripe customer yet"
    assert scene.of().status == "qualified"
    scene.later(timedelta(days=3))
    late = scene.recovered(ignore_backoff=False)
    assert late.longest_wait == timedelta()
    assert scene.of().status == "qualified"
    scene.link("ref")
    scene.later()
    assert scene.recovered(ignore_backoff=False).recovered == 1
    assert scene.of().status == "rewarded"
    assert scene.credit("ref") == 1_000
    assert scene.differences() == []


def test_a_customer_that_was_deleted_gives_way_to_the_user_s_other_one(scene):
    scene.paid()
    scene.wire.before = lambda *_: LOST_REQUEST
    scene.recovered()
    scene.wire.before = lambda *_: None
    scene.account.delete("cus_new")
    scene.later()
    scene.recovered()
    assert _reward(scene).pending
    scene.account.add("cus_other")
    scene.tell(CustomerLinked(customer_id="cus_other", user_id="new"), at=scene.at)
    scene.later()
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert scene.account.customers["cus_other"]["balance"] == -1_000
    assert scene.differences() == []


def test_a_refund_before_the_grant_is_ordered_leaves_nothing_outside(scene):
    scene.paid()
    scene.claim(PAID)
    assert scene.of().status == "rejected"
    assert scene.recovered().attempted == 0
    assert scene.account.transactions == []
    assert scene.differences() == []


def test_a_refund_while_an_order_is_under_way_is_a_grant_and_its_reversal(scene):
    """Whether the outside did it nobody knows, and a request may still be on its way."""
    scene.paid()
    scene.wire.before = lambda *_: LOST_ANSWER
    scene.recovered()
    scene.claim(PAID)
    assert scene.of().status == "rejected"
    scene.wire.before = lambda *_: None
    for _ in range(3):
        scene.later()
        scene.recovered()
    assert scene.of().status == "rejected"
    assert (scene.credit("ref"), scene.credit("new")) == (0, 0)
    assert scene.differences() == []


def test_a_refund_takes_back_what_is_left_and_notes_what_is_missing(scene):
    scene.paid()
    scene.recovered()
    scene.account.spend("cus_new", 300)
    scene.claim(PAID)
    assert scene.credit("new") == 700
    scene.recovered()
    assert (scene.credit("ref"), scene.credit("new")) == (0, 0)
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (7_000, 3_000)
    assert scene.differences() == []


def test_partial_refunds_take_back_their_share(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID // 2)
    scene.recovered()
    assert (scene.credit("ref"), scene.credit("new")) == (500, 500)
    scene.claim(PAID)
    scene.recovered()
    assert (scene.credit("ref"), scene.credit("new")) == (0, 0)
    assert scene.differences() == []


def test_a_dispute_that_is_won_gives_back_exactly_what_was_taken(scene):
    scene.paid()
    scene.recovered()
    scene.account.spend("cus_new", 300)
    scene.disputed()
    scene.recovered()
    scene.later()
    scene.disputed(closed=True, won=True)
    scene.recovered()
    assert (scene.credit("ref"), scene.credit("new")) == (1_000, 700)
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (0, 0)
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_claim_that_ends_before_anything_was_taken_takes_nothing(scene):
    scene.paid()
    scene.recovered()
    scene.disputed()
    scene.disputed(closed=True, won=True)
    asked = len(_posts(scene))
    assert scene.recovered().attempted == 0
    assert len(_posts(scene)) == asked
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_reversal_whose_answer_is_lost_is_one(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID)
    scene.wire.before = lambda method, _: LOST_ANSWER if method == "post" else None
    scene.recovered()
    scene.wire.before = lambda *_: None
    scene.later(timedelta(hours=30))
    scene.recovered()
    assert (scene.credit("ref"), scene.credit("new")) == (0, 0)
    assert scene.differences() == []


def test_what_a_deleted_customer_had_is_missing(scene):
    scene.paid()
    scene.recovered()
    scene.account.delete("cus_new")
    scene.claim(PAID)
    scene.recovered()
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (0, 10_000)
    assert scene.differences() == []


def test_what_is_owed_to_the_erased_stays_in_the_ledger(made):
    scene = made("stripe_balance")
    scene.paid()
    erased = erase(scene.table, SECRET, "ref", None, scene.programme).tombstone
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert (scene.balance(erased), scene.credit("new")) == (10_000, 1_000)
    assert scene.differences() == []


def test_an_erasure_leaves_what_is_outside_where_it_is(scene):
    scene.paid()
    scene.recovered()
    erased = erase(scene.table, SECRET, "new", None, scene.programme).tombstone
    assert scene.credit("new") == 1_000
    assert scene.balance(erased) == 0
    scene.claim(PAID)
    scene.recovered()
    assert scene.credit("new") == 0
    assert scene.differences() == []


def test_rewards_worth_nothing_are_booked_without_asking(made):
    scene = made("stripe_balance", referred_credits=0)
    scene.link("ref")
    scene.paid()
    scene.recovered()
    assert scene.of().status == "rewarded"
    assert len(_posts(scene)) == 1
    assert scene.differences() == []


def test_a_hold_is_never_ignored(made):
    scene = made("stripe_balance", hold_days=7)
    scene.link("ref")
    scene.paid()
    assert scene.recovered().attempted == 0
    scene.later(timedelta(days=8))
    assert scene.recovered().recovered == 2


def test_an_order_that_stands_is_not_granted_elsewhere(scene):
    """The backend was changed while an answer was lost: the order waits, and says so."""
    scene.paid()
    scene.wire.before = lambda *_: LOST_ANSWER
    scene.recovered()
    scene.programme = type(scene.programme)()
    done = scene.recover(scene.at)
    assert done.recovered == 0
    assert all("stripe_balance" in error for error in done.errors)
    assert scene.balance("new") == 0
    assert scene.differences() == []


def test_what_was_not_ordered_goes_where_credits_go_now(scene):
    scene.paid()
    scene.programme = type(scene.programme)()
    assert scene.recover(scene.at).recovered == 2
    assert (scene.balance("new"), scene.account.transactions) == (10_000, [])
    assert scene.differences() == []


def test_reconcile_agrees_with_what_is_outside(scene):
    scene.paid()
    scene.recovered()
    scene.account.spend("cus_new", 300)
    scene.claim(PAID)
    scene.recovered()
    assert recounted(scene.table).differences == ()


@pytest.mark.parametrize("now", [None, "http"])
def test_who_waits_for_a_customer_is_granted_without_one_where_none_is_needed_any_more(made, now):
    scene = made("stripe_balance")
    scene.paid()
    scene.recovered()
    assert _reward(scene, Role.REFERRER).unlinked
    scene.programme = replace(scene.programme, credits_backend=now)
    scene.backend = HttpCredits(URL, lambda: (PRODUCT_SECRET,), scene.product, lambda: scene.at)
    scene.later(timedelta(hours=1))
    done = scene.recovered(ignore_backoff=False) if now else _of_the_ledger(scene)
    assert (done.recovered, done.errors) == (1, ())
    assert scene.of().status == "rewarded"
    held = scene.product.credits("ref") if now else scene.balance("ref")
    assert held == 10_000
    assert scene.broken() == []


def _of_the_ledger(scene):
    return scene.recover(scene.at, ignore_backoff=False)


def test_a_claim_on_what_is_outside_says_that_it_waits_where_credits_go_to_the_ledger(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID)
    scene.programme = replace(scene.programme, credits_backend=None)
    _of_the_ledger(scene)
    assert _reward(scene).credits_grant_error == (
        "the credits go to stripe_balance, which is not CreditsBackend now"
    )
    assert scene.credit("new") == 1_000
    scene.programme = replace(scene.programme, credits_backend="stripe_balance")
    scene.later(timedelta(hours=1))
    scene.recovered()
    assert scene.credit("new") == 0
    assert scene.differences() == []
