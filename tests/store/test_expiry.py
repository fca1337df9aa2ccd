"""Expiry: a sweep that ends windows, and never ends one too early."""

from datetime import timedelta

import pytest

from referrals.acts.expiry import expire_due
from referrals.rules.facts import CustomerLinked
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW
from tests.samples import NOW, SECRET, actor, invoice
from tests.store.scene import Scene

_OVER = NOW + timedelta(days=30) + CLOCK_SKEW


def _sweep(scene, at):
    return list(expire_due(scene.table, SECRET, scene.programme, actor(at, "schedule")))


@pytest.fixture
def scene():
    made = Scene()
    made.sign_up()
    return made


def test_a_window_ends_by_more_than_clocks_may_differ(scene):
    _sweep(scene, _OVER - timedelta(milliseconds=1))
    assert scene.of().status == "attributed"
    _sweep(scene, _OVER)
    assert scene.of().status == "expired"
    assert scene.broken() == []


def test_a_second_sweep_finds_nothing(scene):
    _sweep(scene, _OVER)
    before = scene.of()
    _sweep(scene, _OVER + timedelta(days=1))
    assert scene.of() == before


def test_what_moved_on_is_left_alone(scene):
    scene.pay()
    _sweep(scene, _OVER + timedelta(days=1))
    assert scene.of().status == "rewarded"


def test_a_payment_in_time_that_is_heard_of_after_the_sweep_still_counts(scene):
    _sweep(scene, _OVER)
    scene.pay(at=NOW + timedelta(days=29))
    assert scene.of().status == "rewarded"
    assert scene.broken() == []


def test_a_payment_that_nobody_settled_counts_in_the_sweep(scene):
    """The delivery that stored it died before it settled anything."""
    scene.just_before("TransactWriteItems", "ATTRIBUTION#", _dies)
    with pytest.raises(RuntimeError):
        scene.tell(
            CustomerLinked(customer_id="cus_new", user_id="new"), invoice(customer_id="cus_new")
        )
    assert scene.of().status == "attributed"
    _sweep(scene, _OVER)
    assert scene.of().status == "rewarded"


def _dies():
    raise RuntimeError("the process is gone")


def test_a_shorter_window_of_today_does_not_shorten_an_older_promise(scene):
    scene.programme = Programme(window_days=7)
    _sweep(scene, NOW + timedelta(days=8))
    assert scene.of().status == "attributed"


def test_one_item_that_cannot_be_read_keeps_no_other_from_expiring(scene):
    scene.sign_up("later", at=NOW + timedelta(seconds=1))
    scene.table.client.update_item(
        TableName=scene.table.name,
        Key={"pk": {"S": f"ATTRIBUTION#{scene.of().id}"}, "sk": {"S": "ATTRIBUTION"}},
        UpdateExpression="SET expires_at = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "nonsense"}},
    )
    _sweep(scene, _OVER + timedelta(days=1))
    assert scene.of("later").status == "expired"
