"""Campaigns while counts are moved: each is counted as it was at one moment."""

from threading import Event

import pytest

from referrals.acts.fold import fold
from referrals.dynamodb.parts import Busy
from referrals.store import funnel_counts
from referrals.views.campaigns import ranked
from referrals.views.funnel import Span
from tests.samples import NOW
from tests.store.scene import KEPT, Scene


@pytest.fixture
def scene():
    scene = Scene()
    for number, campaign in enumerate(("spring", "spring", "autumn", None)):
        click = scene.click(**{"utm_campaign": campaign} if campaign else {})
        scene.sign_up(f"new{number}", click_id=click.click_id)
    return scene


def _signups(scene):
    span = Span.between(None, None, NOW)
    found = ranked(scene.table, span, NOW, KEPT, limit=10)
    return {name: cohort.attributed for name, _, cohort in found.items}


def _between(monkeypatch, first, then, act):
    """The act comes after one of two reads that go side by side, and before the other."""
    acted, times = Event(), []

    def read_first(*given):
        found = real[first](*given)
        if not times:
            times.append(1)
            act()
        acted.set()
        return found

    def read_then(*given):
        assert acted.wait(10)
        return real[then](*given)

    real = {name: getattr(funnel_counts, name) for name in (first, then)}
    monkeypatch.setattr(funnel_counts, first, read_first)
    monkeypatch.setattr(funnel_counts, then, read_then)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("folded_by_campaign", "unfolded_by_campaign"),
        ("unfolded_by_campaign", "folded_by_campaign"),
    ],
)
@pytest.mark.parametrize("folded_before", [False, True])
def test_what_is_folded_between_two_reads_is_counted_once(
    scene, monkeypatch, first, then, folded_before
):
    if folded_before:
        fold(scene.table)
        scene.sign_up("later", click_id=scene.click(utm_campaign="spring").click_id)
    _between(monkeypatch, first, then, lambda: fold(scene.table))
    assert _signups(scene) == {"spring": 2 + folded_before, "autumn": 1}


def test_counts_that_are_folded_without_end_are_no_answer(scene, monkeypatch):
    read, number = funnel_counts.folds_by_campaign, iter(range(100))
    monkeypatch.setattr(
        funnel_counts,
        "folds_by_campaign",
        lambda table: {**read(table), "spring": next(number)},
    )
    monkeypatch.setattr("referrals.views.campaigns.time.sleep", lambda wait: None)
    with pytest.raises(Busy):
        _signups(scene)
