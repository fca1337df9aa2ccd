"""Credits as billing credits at Stripe: one credit grant at a time holds a reward."""

from datetime import timedelta

import pytest

from referrals.rules.attribution import Role
from tests.outside.scene import KEPT
from tests.outside.stripe_account import FAILS_AFTER, LOST_ANSWER
from tests.samples import PAID


@pytest.fixture
def scene(made):
    scene = made("stripe_credit_grants")
    scene.link("ref")
    return scene


def _reward(scene, role=Role.REFERRED, user="new"):
    return next(one for one in scene.of(user).rewards if one.role is role)


def _grants(scene, customer="cus_new"):
    return [one for one in scene.account.grants if one["customer"] == customer]


def test_recovery_makes_a_promotional_grant_for_each_side(scene):
    scene.paid()
    assert scene.recovered().recovered == 2
    (grant,) = _grants(scene)
    assert grant["category"] == "promotional"
    assert grant["amount"]["monetary"] == {"currency": "usd", "value": 1_000}
    assert grant["applicability_config"] == {"scope": {"price_type": "metered"}}
    assert grant["expires_at"] == int((scene.at + KEPT).timestamp())
    assert grant["metadata"]["credits_grant_key"] == _reward(scene).credits_grant_key
    assert scene.of().status == "rewarded"
    assert scene.differences() == []


def test_a_partial_refund_leaves_the_rest_in_a_grant_of_its_own(scene):
    scene.paid()
    scene.recovered()
    ends = _grants(scene)[0]["expires_at"]
    scene.account.spend("cus_new", 300)
    scene.later()
    scene.claim(PAID // 2)
    scene.recovered()
    assert scene.credit("new") == 200
    _, rest = _grants(scene)
    assert (rest["amount"]["monetary"]["value"], rest["expires_at"]) == (200, ends)
    assert _reward(scene).outside_id == rest["id"]
    scene.claim(PAID)
    scene.recovered()
    assert scene.credit("new") == 0
    own = _reward(scene)
    assert (own.reversed_credits, own.shortfall) == (7_000, 3_000)
    assert scene.differences() == []


def test_a_part_that_is_given_back_joins_what_was_left(scene):
    scene.paid()
    scene.recovered()
    scene.claim(PAID // 2)
    scene.disputed(amount=PAID // 4, currency="usd")
    scene.recovered()
    left = scene.credit("new")
    scene.later()
    scene.disputed(amount=PAID // 4, currency="usd", closed=True, won=True)
    scene.recovered()
    assert left < scene.credit("new") == 500
    standing = [one for one in _grants(scene) if scene.account.available(one)]
    assert [one["id"] for one in standing] == [_reward(scene).outside_id]
    assert scene.differences() == []


@pytest.mark.parametrize("fate", [LOST_ANSWER, FAILS_AFTER])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
def test_a_reversal_that_is_cut_short_anywhere_is_one(scene, fate, call):
    scene.paid()
    scene.recovered()
    scene.claim(PAID // 2)
    left = [call]

    def strike(*_):
        left[0] -= 1
        return fate if left[0] == 0 else None

    scene.wire.before = strike
    scene.recovered()
    for _ in range(5):
        scene.later(timedelta(hours=7))
        scene.recovered()
    assert (scene.credit("new"), scene.credit("ref")) == (500, 500)
    assert scene.differences() == []


def test_what_came_to_its_end_unused_is_not_made_anew(scene):
    scene.paid()
    scene.recovered()
    scene.later(KEPT + timedelta(days=1))
    scene.account.end_what_is_over()
    scene.claim(PAID // 2)
    scene.recovered()
    assert len(_grants(scene)) == 1
    assert scene.credit("new") == 0


def test_prices_narrow_what_the_credits_are_for(scene):
    scene.backend._prices = ("price_a", "price_b")
    scene.paid()
    scene.recovered()
    told = _grants(scene)[0]["applicability_config"]["scope"]["prices"]
    assert [one["id"] for _, one in sorted(told.items())] == ["price_a", "price_b"]
