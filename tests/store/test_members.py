"""A user's own view: what they referred, and by whom they came."""

from datetime import timedelta

from referrals.rules.attribution import Role
from referrals.rules.programme import Programme
from referrals.store import codes
from referrals.views import members
from tests.samples import NOW, SECRET
from tests.store.scene import Scene


def _scene(**programme):
    scene = Scene(Programme(**programme))
    codes.create(scene.table, "ann", "B1B2C3D4E5F6")
    scene.sign_up("ann", at=NOW)
    for minute in range(1, 6):
        at = NOW + timedelta(minutes=minute)
        scene.sign_up(f"new{minute}", at=at, code="B1B2C3D4E5F6")
    return scene


def test_a_user_sees_both_sides_newest_first():
    scene = _scene()
    seen = members.newest(scene.table, SECRET, "ann", 20)
    assert [(role, one.referred_user_id) for role, one in seen] == [
        *[(Role.REFERRER, f"new{minute}") for minute in range(5, 0, -1)],
        (Role.REFERRED, "ann"),
    ]
    assert members.membership(scene.table, SECRET, "ann").newest(20) == seen


def test_only_the_latest_are_asked_for():
    scene = _scene()
    seen = members.newest(scene.table, SECRET, "ann", 2)
    assert [one.referred_user_id for _, one in seen] == ["new5", "new4"]


def test_the_figures_count_what_the_user_made_and_not_how_they_came():
    scene = _scene(monthly_cap=1)
    scene.pay("new1")
    scene.pay("new2")
    scene.pay("ann")
    figures = members.membership(scene.table, SECRET, "ann").stats()
    assert figures == {
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
    assert members.membership(scene.table, SECRET, "nobody").stats()["attributed"] == 0
