"""The trail that events follow: every step once, in order, with the bookings in their place."""

import pytest

from referrals.acts import erasure
from referrals.dynamodb.parts import Busy
from referrals.rules.events import BIRTH, Place
from referrals.rules.ids import attribution_id, tombstone
from referrals.store import trail
from referrals.store.items import place_from, place_text
from tests.samples import PAID, SECRET, charge
from tests.store.scene import Scene


def _read(scene, user_id="new"):
    found = trail.read(scene.table, attribution_id(SECRET, user_id))
    assert found is not None
    return found


def _told(scene):
    return [(step.place, step.type.value) for step in _read(scene).steps]


def test_a_signup_is_a_birth():
    scene = Scene()
    scene.sign_up()
    assert _told(scene) == [(BIRTH, "referral.attributed")]
    assert trail.read(scene.table, "attr_unknown") is None


def test_a_payment_qualifies_rewards_and_then_books():
    scene = Scene()
    scene.sign_up()
    scene.pay()
    assert [name for _, name in _told(scene)] == [
        "referral.attributed",
        "referral.qualified",
        "referral.rewarded",
        "credits.granted",
        "credits.granted",
    ]


def test_what_is_taken_back_and_given_back_has_its_place():
    scene = Scene()
    scene.sign_up()
    scene.pay(charge_id="ch_1")
    before = _read(scene).steps[-1].place
    scene.tell(charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID // 2))
    after = [step.type.value for step in _read(scene).after(before)]
    assert after == ["credits.reversed", "credits.reversed"]


def test_no_two_steps_have_one_place_and_none_is_beyond_the_version():
    scene = Scene()
    scene.sign_up()
    scene.pay(charge_id="ch_1")
    scene.tell(charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID))
    found = _read(scene)
    places = [step.place for step in found.steps]
    assert places == sorted(set(places))
    assert places[-1].version <= found.about.version


def test_a_transaction_that_comes_while_the_trail_is_read_is_left_whole_for_the_next_reading(
    monkeypatch,
):
    scene = Scene()
    scene.sign_up()
    query, stale = scene.table.query, scene.of()
    item = next(iter(query(f"ATTRIBUTION#{stale.id}")))
    scene.pay()

    def torn(pk, **arguments):
        return [item, *list(query(pk, **arguments))[1:]]

    monkeypatch.setattr(scene.table, "query", torn)
    assert _told(scene) == [(BIRTH, "referral.attributed")]


def test_an_erasure_moves_the_bookings_and_no_place():
    scene = Scene()
    scene.sign_up()
    scene.pay()
    before = _told(scene)
    erasure.erase(scene.table, SECRET, "new", None, scene.programme)
    assert _told(scene) == before
    owners = {
        step.entry.user_id for step in _read(scene).steps if step.type.value == "credits.granted"
    }
    assert owners == {"ref", tombstone(SECRET, "new")}


def test_a_booking_on_its_way_to_another_owner_is_waited_for():
    scene = Scene()
    scene.sign_up()
    scene.pay()

    def die(*_):
        raise ConnectionError("died before the bookings moved")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasure, "_move_money", die)
        with pytest.raises(ConnectionError):
            erasure.erase(scene.table, SECRET, "new", None, scene.programme)
    with pytest.raises(Busy):
        _read(scene)
    erasure.erase(scene.table, SECRET, "new", None, scene.programme)
    assert len(_read(scene).steps) == 5


def test_bookings_of_before_events_went_out_have_no_step():
    scene = Scene()
    scene.sign_up()
    scene.pay()
    for item in list(scene.table.query("USER#new", prefix="LEDGER#")):
        del item["step"]
        scene.table.write(scene.table.put("older", item))
    assert [name for _, name in _told(scene)].count("credits.granted") == 1


def test_a_place_survives_the_way_into_text_and_back_in_order():
    places = [Place(1, 0), Place(2, 1), Place(2, 2), Place(10, 1), Place(100, 0)]
    assert [place_from(place_text(place)) for place in places] == places
    assert sorted(map(place_text, places)) == list(map(place_text, places))
