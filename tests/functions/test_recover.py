"""POST /admin/referrals/recover, and the schedule that does the same with nobody calling."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.functions.client import invoke
from tests.functions.running import REFERRER

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SCHEDULED = {}


def test_nothing_owed_is_nothing_tried(programme, untouched):
    programme.rewarded("user-1")
    with untouched():
        assert programme.recover().good == {"attempted": 0, "recovered": 0, "errors": []}


def test_what_was_owed_is_paid_once(programme, untouched):
    programme.owed("user-1")
    assert programme.balance(REFERRER) == 10_000
    programme.heal_account("user-1")
    assert programme.recover().good == {"attempted": 1, "recovered": 1, "errors": []}
    assert programme.status_of("user-1") == "rewarded"
    assert programme.balance("user-1") == programme.balance(REFERRER) == 10_000
    with untouched():
        assert programme.recover().good["attempted"] == 0


def test_one_poison_reward_blocks_no_other(programme):
    programme.owed("user-poison")
    for number in range(3):
        programme.owed(f"user-{number}")
        programme.heal_account(f"user-{number}")
    answer = programme.recover().good
    assert (answer["attempted"], answer["recovered"]) == (4, 3)
    poison = programme.referral_of("user-poison")["rewards"][1]
    assert answer["errors"] == [f"{poison['id']}: {poison['credits_grant_error']}"]
    assert [programme.balance(f"user-{number}") for number in range(3)] == [10_000] * 3


def test_a_call_ignores_the_backoff(programme):
    programme.owed("user-1")
    for _ in range(3):
        assert programme.recover().good["attempted"] == 1


def test_the_schedule_heeds_the_backoff(programme, time_is):
    time_is(NOW)
    programme.owed("user-1")
    assert invoke("recover_grants", SCHEDULED) == {"attempted": 0, "recovered": 0}
    time_is(NOW + timedelta(minutes=2))
    assert invoke("recover_grants", SCHEDULED) == {"attempted": 1, "recovered": 0}
    assert invoke("recover_grants", SCHEDULED) == {"attempted": 0, "recovered": 0}


def test_the_schedule_pays_with_nobody_calling(programme, time_is):
    time_is(NOW)
    programme.owed("user-1")
    programme.heal_account("user-1")
    time_is(NOW + timedelta(minutes=5))
    assert invoke("recover_grants", SCHEDULED) == {"attempted": 1, "recovered": 1}
    assert programme.status_of("user-1") == "rewarded"


def test_the_oldest_due_is_tried_first(programme, time_is):
    for number in range(3):
        time_is(NOW + timedelta(minutes=number))
        programme.owed(f"user-{number}")
        programme.heal_account(f"user-{number}")
    time_is(NOW + timedelta(hours=1))
    assert programme.recover(limit="1").good["recovered"] == 1
    assert programme.status_of("user-0") == "rewarded"
    assert programme.status_of("user-1") == "qualified"


def test_the_limit_bounds_the_tries(programme):
    for number in range(3):
        programme.owed(f"user-{number}")
        programme.heal_account(f"user-{number}")
    assert programme.recover(limit="2").good == {"attempted": 2, "recovered": 2, "errors": []}
    assert programme.recover(limit="999999").good["recovered"] == 1


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", ""])
def test_a_wrong_limit_is_named(programme, untouched, limit):
    programme.owed("user-1")
    with untouched():
        answer = programme.recover(limit=limit)
    assert answer.status == 400
    assert answer.fields == ["limit"]


def test_a_grant_that_keeps_failing_is_shown_as_failed_and_stays_recoverable(programme):
    programme.owed("user-1")
    for _ in range(8):
        programme.recover()
    failed = programme.referral_of("user-1")["attribution"]
    assert failed["status"] == "failed"
    assert failed["error"]
    programme.heal_account("user-1")
    assert programme.recover().good["recovered"] == 1
    healed = programme.referral_of("user-1")["attribution"]
    assert healed["status"] == "rewarded"
    assert "error" not in healed


def test_a_hold_is_never_ignored(programme, configure, time_is):
    configure(REWARD_HOLD_DAYS=7)
    time_is(NOW)
    assert programme.rewarded("user-1")["attribution"]["status"] == "qualified"
    assert programme.balance(REFERRER) == 0
    time_is(NOW + timedelta(days=6, hours=23))
    assert programme.recover().good["attempted"] == 0
    time_is(NOW + timedelta(days=7, minutes=11))
    assert programme.recover().good == {"attempted": 2, "recovered": 2, "errors": []}
    assert programme.balance("user-1") == programme.balance(REFERRER) == 10_000


def test_what_is_owed_to_a_rejected_referral_is_never_paid(programme):
    from tests import stripe_payloads

    sale = programme.referred("user-1")
    programme.break_account("user-1")
    programme.pay(sale)
    programme.stripe(stripe_payloads.charge_refunded(sale))
    programme.heal_account("user-1")
    assert programme.recover().good["recovered"] == 0
    assert programme.balance("user-1") == 0
