"""The conditions of clicks: no visit is counted twice, and no address counts without end."""

from datetime import timedelta

import pytest

from referrals.acts.roll_up import roll_up
from referrals.rules.errors import LimitExceeded
from referrals.store import click_counts, click_limit, clicks, fingerprint, keys
from referrals.views import funnel
from tests.proof.scenarios import scenario, scene_on
from tests.proof.stage import Stage
from tests.samples import NOW


@scenario
def of_two_clicks_with_one_id_at_once_one_stands(stage: Stage) -> None:
    scene = scene_on(stage)
    stage.just_before(
        "TransactWriteItems",
        "CLICKID#visit-1",
        lambda: scene.click("visit-1", utm_campaign="spring"),
    )
    assert scene.click("visit-1", utm_campaign="autumn").utm_campaign == "spring"
    span = funnel.Span(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    counted, _ = funnel.count(scene.table, span, None, NOW, timedelta(days=90))
    assert counted == 1


@scenario
def one_visitor_who_follows_a_link_twice_at_once_is_one_click(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.follow(utm_campaign="spring")
    scene.follow(utm_campaign="autumn")
    click, new = scene.follow()
    assert not new
    standing = clicks.find(scene.table, click.click_id)
    assert standing is not None
    assert standing.utm_campaign == "spring"


@scenario
def a_process_that_starts_does_not_count_closed_hours_again(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.click()
    roll_up(scene.table, NOW + timedelta(hours=3))
    counted = scene.table.get(keys.ROLLED_UP)
    # Another process, with a clock that is behind.
    scene.table = stage.table()
    scene.click(at=NOW + timedelta(seconds=1))
    assert scene.table.get(keys.ROLLED_UP) == counted


@scenario
def one_who_was_held_up_with_an_older_sum_leaves_the_larger_one(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.click(at=NOW)
    scene.click(at=NOW + timedelta(hours=1))
    # The first hour is added up while another run closes the second as well.
    later = NOW + timedelta(hours=3)
    stage.just_before("UpdateItem", "CLICKS#2026-11/", lambda: roll_up(scene.table, later))
    roll_up(scene.table, NOW + timedelta(hours=1, minutes=16))
    marks = click_counts.marks(scene.table)
    assert marks is not None
    assert marks.closed == NOW + timedelta(hours=2, minutes=45)
    assert scene.broken() == []


@scenario
def an_address_may_click_as_often_as_allowed_and_no_more(stage: Stage) -> None:
    table = stage.table()
    for _ in range(2):
        click_limit.take(table, "address", 2, NOW)
    with pytest.raises(LimitExceeded):
        click_limit.take(table, "address", 2, NOW)


@scenario
def of_two_secrets_at_once_the_first_is_the_tables(stage: Stage) -> None:
    table = stage.table()
    stage.just_before(
        "PutItem", "FINGERPRINT", lambda: fingerprint.leave(stage.table(), "the first")
    )
    assert not fingerprint.leave(table, "the second")
    assert fingerprint.fits(stage.table(), "the first")
