"""Clicks on the table: immutable, found again by their id, counted once."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from referrals.rules.errors import InvalidRequest
from referrals.store import clicks, codes
from tests.samples import CODE, NOW
from tests.store.scene import KEPT, Scene
from tests.store.side_by_side import at_once
from tests.tables import everything

_OTHER = "B1B2C3D4E5F6"


@pytest.fixture
def scene():
    made = Scene()
    codes.create(made.table, "ref2", _OTHER)
    return made


def _stored(scene):
    return [item for item in everything(scene.table) if item["pk"].startswith("CLICK#")]


def test_a_visit_gets_an_id_that_leads_back_to_it(scene):
    click = scene.click(landing_path="/pricing", utm_campaign="spring", ip_hash="hash")
    assert click.click_id.startswith("refclk_")
    assert clicks.find(scene.table, click.click_id) == click
    assert (click.code, click.landing_path, click.utm_campaign) == (CODE, "/pricing", "spring")


def test_a_warm_visit_is_one_item_more(scene):
    scene.click()
    before = everything(scene.table)
    scene.click()
    assert len(everything(scene.table)) == len(before) + 1


def test_a_code_is_read_in_any_case(scene):
    assert scene.click(code=CODE.lower()).code == CODE


@pytest.mark.parametrize("code", ["", "short", "ZZZZZZZZZZZZ"])
def test_an_unusable_code_is_refused_and_nothing_is_kept(scene, code):
    before = everything(scene.table)
    with pytest.raises(InvalidRequest):
        scene.click(code=code)
    assert everything(scene.table) == before


@pytest.mark.parametrize("click_id", ["short", "with space", "x" * 65, ""])
def test_a_malformed_id_is_refused_and_nothing_is_kept(scene, click_id):
    with pytest.raises(InvalidRequest):
        scene.click(click_id)
    assert _stored(scene) == []


def test_a_caller_s_own_id_is_kept_as_given(scene):
    click = scene.click("my-click-1", utm_campaign="spring")
    assert click.click_id == "my-click-1"
    assert clicks.find(scene.table, "my-click-1") == click


@pytest.mark.parametrize("click_id", [None, "my-click-1"])
def test_a_known_id_is_the_same_click_and_counts_once(scene, click_id):
    first = scene.click(click_id, utm_campaign="spring")
    again = scene.click(first.click_id, at=NOW + timedelta(hours=2), utm_campaign="autumn")
    assert again == first
    assert len(_stored(scene)) == 1


@pytest.mark.parametrize("click_id", [None, "my-click-1"])
def test_an_id_of_another_code_is_left_to_it_and_a_new_one_is_minted(scene, click_id):
    first = scene.click(click_id)
    other = scene.click(first.click_id, code=_OTHER)
    assert other.click_id != first.click_id
    assert other.code == _OTHER
    assert clicks.find(scene.table, first.click_id) == first
    assert len(_stored(scene)) == 2


def test_one_id_sent_many_times_at_once_is_one_click(scene):
    answers = at_once([partial(scene.click, "my-click-1") for _ in range(8)])
    assert {answer.click_id for answer in answers} == {"my-click-1"}
    assert len(_stored(scene)) == 1


@pytest.mark.parametrize("ulid", ["7" + "Z" * 25, "0" * 26, "01KAGVJ1Z0ABCDEFGHJKMNPQRS"])
def test_an_id_that_only_looks_minted_is_a_caller_s_own(scene, ulid):
    click = scene.click(f"refclk_{ulid}")
    assert click.click_id == f"refclk_{ulid}"
    assert clicks.find(scene.table, click.click_id) == click


def test_clicks_expire_from_the_table_when_the_programme_says(scene):
    scene.click("my-click-1")
    kept = [item for item in everything(scene.table) if "click_id" in item]
    assert len(kept) == 2
    assert {item["expires_epoch"] for item in kept} == {int((NOW + KEPT).timestamp())}


def test_clicks_of_a_span_are_seen_with_their_campaigns_and_within_its_bounds(scene):
    for minute, campaign in ((0, "spring"), (10, "spring"), (20, None), (59, "autumn"), (60, "x")):
        scene.click(at=NOW + timedelta(minutes=minute), utm_campaign=campaign)
    hour = NOW, NOW + timedelta(hours=1)
    part = NOW + timedelta(minutes=10), NOW + timedelta(minutes=59)
    assert _seen(scene, hour) == {"spring": 2, None: 1, "autumn": 1}
    assert _seen(scene, part) == {"spring": 1, None: 1}


def _seen(scene, span):
    return Counter(click.campaign for click in clicks.seen(scene.table, [span]))


def test_many_clicks_at_once_are_all_kept(scene):
    at_once([scene.click for _ in range(16)])
    assert _seen(scene, (NOW, NOW + timedelta(hours=1))).total() == 16
