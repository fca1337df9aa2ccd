"""Credits on a customer's balance at Stripe: its words, its customers, and keys it forgets."""

from dataclasses import replace
from datetime import timedelta

import pytest

from referrals.edge.http_credits import HttpCredits
from referrals.rules.attribution import Role
from referrals.rules.facts import CustomerLinked
from tests.outside.product import SECRET as PRODUCT_SECRET
from tests.outside.product import URL
from tests.outside.stripe_account import (
    FAILS_BEFORE,
    LOST_REQUEST,
)


@pytest.fixture
def scene(made):
    scene = made("stripe_balance")
    scene.link("ref")
    return scene


def _reward(scene, role=Role.REFERRED, user="new"):
    return next(one for one in scene.of(user).rewards if one.role is role)


def test_what_is_written_on_the_transaction_names_the_booking(scene):
    scene.paid()
    scene.recovered()
    told = {one["metadata"]["credits_grant_key"] for one in scene.account.transactions}
    assert told == {reward.id for reward in scene.of().rewards}


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


@pytest.mark.parametrize("now", [None, "http"])
def test_who_waits_for_a_customer_is_granted_without_one_where_none_is_needed_any_more(made, now):
    scene = made("stripe_balance")
    scene.paid()
    scene.recovered()
    assert _reward(scene, Role.REFERRER).unlinked
    scene.programme = replace(scene.programme, credits_backend=now)
    scene.backend = HttpCredits(URL, lambda: (PRODUCT_SECRET,), scene.product, lambda: scene.at)
    scene.later(timedelta(hours=1))
    done = (
        scene.recovered(ignore_backoff=False)
        if now
        else scene.recover(scene.at, ignore_backoff=False)
    )
    assert (done.recovered, done.errors) == (1, ())
    assert scene.of().status == "rewarded"
    held = scene.product.credits("ref") if now else scene.balance("ref")
    assert held == 10_000
    assert scene.broken() == []
