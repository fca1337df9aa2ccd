"""GET /admin/referrers: whose codes brought the most signups, with figures of now."""

from datetime import UTC, datetime, timedelta

import pytest

from referrals.store import codes, keys
from tests.functions.client import invoke
from tests.functions.running import CODE, REFERRER
from tests.tables import everything

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
CODES = ["B1B2C3D4E5F6", "C1B2C3D4E5F6", "D1B2C3D4E5F6"]


def signups(programme, **query):
    items = programme.referrers(**query).good["items"]
    return [(one["user_id"], one["attributed_signups"]) for one in items]


@pytest.fixture
def four(programme, time_is):
    """Four referrers with one to four signups, a minute later ranked."""
    time_is(NOW)
    for number, code in enumerate(CODES, 2):
        codes.create(programme.table, f"ref-{number}", code)
        for other in range(number):
            programme.signup(f"user-{number}-{other}", code=code)
    programme.signup("user-1", code=CODE)
    time_is(NOW + timedelta(minutes=1))
    assert invoke("roll_up_clicks", {})["ranked"] == 4
    return programme


def test_the_most_signups_come_first(four):
    assert signups(four) == [("ref-4", 4), ("ref-3", 3), ("ref-2", 2), (REFERRER, 1)]
    assert signups(four, limit="2") == [("ref-4", 4), ("ref-3", 3)]
    assert four.referrers().good["ranked_at"] == "2026-11-20T12:30:45.000Z"


def test_figures_are_of_now_and_order_the_ones_that_are_told(four):
    for number in range(4):
        four.rewarded(f"later-{number}", code=CODES[0])
    four.in_review("held", code=CODES[0])
    first = four.referrers().good["items"][0]
    assert first == {
        "code": CODES[0],
        "user_id": "ref-2",
        "disabled": False,
        "attributed_signups": 7,
        "qualified_referrals": 5,
        "review_required": 1,
        "rewarded_referrals": 4,
        "capped_referrals": 0,
        "expired_referrals": 0,
        "rejected_referrals": 0,
        "qualification_rate": 0.714,
        "reward_rate": 0.571,
    }


def test_a_code_moves_up_with_the_next_run_and_stands_once(four, time_is):
    for number in range(5):
        four.signup(f"later-{number}", code=CODE)
    time_is(NOW + timedelta(minutes=2))
    assert invoke("roll_up_clicks", {})["ranked"] == 1
    assert signups(four, limit="1") == [(REFERRER, 6)]
    places = [one for one in everything(four.table) if one["pk"].startswith("RANKS#")]
    assert sorted(one["sk"] for one in places) == sorted(
        [f"000000006#{CODE}", *(f"00000000{n}#{code}" for n, code in enumerate(CODES, 2))]
    )
    assert invoke("roll_up_clicks", {})["ranked"] == 0


def test_a_signup_that_was_held_up_is_ranked_a_quarter_of_an_hour_later(four, time_is):
    """Its time is before what was ranked already."""
    time_is(NOW + timedelta(seconds=30))
    for number in range(5):
        four.signup(f"held-up-{number}", code=CODE)
    time_is(NOW + timedelta(minutes=2))
    invoke("roll_up_clicks", {})
    assert signups(four, limit="1") == [("ref-4", 4)]
    time_is(NOW + timedelta(minutes=16))
    invoke("roll_up_clicks", {})
    assert signups(four, limit="1") == [(REFERRER, 6)]


def test_all_that_came_before_the_first_run_is_ranked_in_steps(programme, time_is, monkeypatch):
    monkeypatch.setattr("referrals.acts.ranking._AT_ONCE", 3)
    for number in range(10):
        time_is(NOW + timedelta(seconds=number))
        code = codes.create(programme.table, f"ref-{number}", f"{number}AAAAAAAAAAA")
        programme.signup(f"user-{number}", code=code)
    time_is(NOW + timedelta(minutes=1))
    invoke("roll_up_clicks", {})
    assert len(signups(programme, limit="50")) == 10


def test_a_code_whose_owner_is_erased_keeps_its_place_without_the_name(four):
    assert four.admin("erase_user", "POST", "/admin/users/ref-4/erase", body={}).good
    first = four.referrers().good["items"][0]
    assert (first["attributed_signups"], first["disabled"]) == (4, True)
    assert first["user_id"].startswith("erased_")


def test_before_the_first_run_nobody_is_ranked(programme):
    assert programme.referrers().good == {"items": []}
    assert programme.table.get(keys.RANKED) is None


def test_a_limit_below_one_is_a_400_and_a_call_costs_a_credit(programme):
    assert programme.referrers(limit="0").fields == ["limit"]
    assert programme.referrers(limit="1000").headers["X-Credits-Charged"] == "1"
