"""Clicks told of: to who names them, where the stack says so, and to nobody else."""

import json

import pytest

from referrals.dynamodb.values import Key, dynamodb_values
from referrals.edge import starting
from tests.functions.client import invoke
from tests.functions.test_follow_link import follow
from tests.iam import guard
from tests.tables import everything

VISIT = {"landing_path": "/pricing", "utm_campaign": "spring"}


@pytest.fixture
def stream(programme, monkeypatch):
    """Carries all clicks, as often as is wanted: to publish_events, and to what that starts."""
    started = []
    monkeypatch.setattr(starting, "start", guard.starts(started))

    def carry(times=1):
        items = [one for one in everything(programme.table) if one["pk"].startswith("CLICK#")]
        records = [{"dynamodb": {"NewImage": dynamodb_values(one)}} for one in items]
        for _ in range(times):
            invoke("publish_events", {"Records": records})
        handed, started[:] = list(started), []
        for _, payload in handed:
            invoke("deliver_events", json.loads(json.dumps(payload)))
        return len(handed)

    return carry


@pytest.fixture
def told_of(configure):
    configure(CLICK_EVENTS="true")


def test_who_names_clicks_is_told_of_each_once_and_nobody_else_is(
    programme, receiving, stream, told_of
):
    programme.listen()
    programme.listen("click.captured", url="https://clicks.example.com/")
    answer = programme.click(**VISIT).good
    assert stream(times=2) == 2
    ((url, headers, body),) = receiving.got
    assert url == "https://clicks.example.com/"
    assert headers["webhook-id"] == f"evt_click_{answer['click_id']}_1_0"
    told = json.loads(body)
    assert (told["type"], told["sequence"]) == ("click.captured", 1)
    shown = told["data"]["click"]
    assert shown == {**answer, **VISIT, "clicked_at": told["timestamp"]}


def test_of_followed_links_and_given_ids_it_is_told_too(programme, receiving, stream, told_of):
    programme.listen("click.captured", "referral.attributed")
    given = programme.click(click_id="refclk_given").good["click_id"]
    follow()
    stream()
    ids = {json.loads(body)["data"]["click"]["click_id"] for _, _, body in receiving.got}
    assert given in ids
    assert len(ids) == 2


def test_where_nobody_names_them_clicks_start_nothing_and_write_nothing(
    programme, receiving, stream, untouched
):
    programme.listen()
    programme.click()
    with untouched():
        assert stream() == 0


def test_where_the_stack_does_not_tell_of_them_nobody_may_wait_for_them(programme, untouched):
    with untouched():
        answer = programme.listen("click.captured")
    assert (answer.status, answer.fields) == (400, ["types"])


def test_how_far_a_click_has_come_is_forgotten_with_time(programme, receiving, stream, told_of):
    """Of a referral there may be news for ever; of a click there is none."""
    made = [
        programme.listen("click.captured", url=one).good["id"]
        for one in (None, "https://a.b.example.com/")
    ]
    programme.click()
    stream()
    found = [one for one in everything(programme.table) if one["pk"].startswith("DELIVERY#")]
    assert len(found) == len(made)
    assert all(one["expires_epoch"] for one in found)


def test_who_asks_is_told_of_clicks_as_long_as_they_are_kept(programme, stream, told_of):
    asks = programme.listen("click.captured", url=None).good["id"]
    clicks = [programme.click().good["click_id"] for _ in range(2)]
    stream(times=2)
    found = programme.pull(asks).good["items"]
    assert sorted(one["data"]["click"]["click_id"] for one in found) == sorted(clicks)
    first = next(
        one
        for one in everything(programme.table)
        if one["pk"].startswith("CLICK#")
        and one["click_id"] == found[0]["data"]["click"]["click_id"]
    )
    programme.table.write(programme.table.delete("expired", Key(first["pk"], first["sk"])))
    assert programme.pull(asks).good["items"] == found[1:]
