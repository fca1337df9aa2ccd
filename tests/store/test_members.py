"""A user's own view: what they referred, and by whom they came."""

from datetime import timedelta

from referrals.acts.expiry import expire_due
from referrals.rules.attribution import Role
from referrals.rules.programme import Programme
from referrals.store import codes
from referrals.views import members
from tests.samples import NOW, PAID, SECRET, actor, charge
from tests.store.scene import Scene


def _scene(**programme):
    scene = Scene(Programme(**programme))
    codes.create(scene.table, "ann", "B1B2C3D4E5F6")
    scene.sign_up("ann", at=NOW)
    for minute in range(1, 6):
        at = NOW + timedelta(minutes=minute)
        scene.sign_up(f"new{minute}", at=at, code="B1B2C3D4E5F6")
    return scene


def _figures(scene, user_id):
    codes_left = iter(["C1B2C3D4E5F6"])
    own = members.overview(
        scene.table, SECRET, user_id, NOW, lambda: next(codes_left), None, limit=20
    )
    return own.figures


def test_a_user_sees_both_sides_newest_first():
    scene = _scene()
    seen = members.newest(scene.table, SECRET, "ann", 20)
    assert [(role, one.referred_user_id) for role, one in seen] == [
        *[(Role.REFERRER, f"new{minute}") for minute in range(5, 0, -1)],
        (Role.REFERRED, "ann"),
    ]


def test_only_the_latest_are_asked_for():
    scene = _scene()
    seen = members.newest(scene.table, SECRET, "ann", 2)
    assert [one.referred_user_id for _, one in seen] == ["new5", "new4"]


def test_the_figures_count_what_the_user_made_and_not_how_they_came():
    scene = _scene(monthly_cap=1)
    scene.pay("new1")
    scene.pay("new2")
    scene.pay("ann")
    assert _figures(scene, "ann") == {
        "attributed": 5,
        "qualified": 2,
        "review_required": 0,
        "rewarded": 1,
        "capped": 1,
        "expired": 0,
        "rejected": 0,
    }


def test_a_stranger_sees_nothing():
    scene = _scene()
    assert members.newest(scene.table, SECRET, "nobody", 20) == []
    assert set(_figures(scene, "nobody").values()) == {0}


def test_figures_follow_every_step_of_a_referral():
    scene = _scene(monthly_cap=5)
    scene.sign_up("late", at=NOW, code="B1B2C3D4E5F6")
    scene.pay("new1")
    scene.tell(charge(customer_id="cus_new1", invoice_id="in_new1", refunded=PAID))
    list(expire_due(scene.table, SECRET, scene.programme, actor(NOW + timedelta(days=31))))
    assert _figures(scene, "ann") == {
        "attributed": 6,
        "qualified": 1,
        "review_required": 0,
        "rewarded": 0,
        "capped": 0,
        "expired": 5,
        "rejected": 1,
    }
    scene.pay("new2", at=NOW + timedelta(days=1))
    assert _figures(scene, "ann")["expired"] == 4
    assert scene.broken() == []
