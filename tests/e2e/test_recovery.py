"""Grants that cannot be written for a while: recovered by hand, and only once."""

from local import deployment
from tests import stripe_payloads
from tests.e2e.deployed import at_once


def recover(service):
    return service.admin("POST", "/admin/referrals/recover", query={"limit": "200"})


def test_recovery_that_is_restarted_while_a_grant_is_pending_pays_it_once(service):
    referrer, user_id = service.owed()
    name = service.names[deployment.function_resource("recover_grants")]
    for attempt in range(3):
        answer = recover(service).good
        assert answer["attempted"] >= 1
        assert any(reward_owed_to(service, user_id) in error for error in answer["errors"])
        # A new configuration ends the processes that run the function.
        service.client("lambda").update_function_configuration(
            FunctionName=name, Description=f"restart {attempt}"
        )
    assert service.balance(user_id) == "broken"
    service.set_balance(user_id, 0)
    answers = at_once(lambda _: recover(service), range(8))
    assert [answer.status for answer in answers] == [200] * 8
    assert service.balance(user_id) == service.balance(referrer) == 10_000
    assert service.ledger(user_id) == service.ledger(referrer) == [10_000]
    assert service.referral_of(user_id)["attribution"]["status"] == "rewarded"


def reward_owed_to(service, user_id):
    """The reward that is owed to the user, as errors name it."""
    (reward,) = (r for r in service.referral_of(user_id)["rewards"] if r["user_id"] == user_id)
    return reward["id"]


def test_one_broken_account_keeps_nobody_else_waiting(service):
    (_, broken), (_, healed) = service.owed(), service.owed()
    service.set_balance(healed, 0)
    answer = recover(service).good
    assert answer["recovered"] >= 1
    assert any(reward_owed_to(service, broken) in error for error in answer["errors"])
    assert service.balance(healed) == 10_000
    service.set_balance(broken, 0)
    recover(service)
    assert service.balance(broken) == 10_000


def test_a_webhook_and_a_recovery_at_once_pay_once(service):
    _, code = service.new_referrer()
    user_id, sale = service.referred(code)
    service.set_balance(user_id, "broken")
    event = stripe_payloads.invoice_paid(sale)
    assert service.stripe(event).good
    service.set_balance(user_id, 0)
    at_once(lambda act: act(), [lambda: recover(service), lambda: service.stripe(event)] * 5)
    assert service.balance(user_id) == 10_000
    assert service.ledger(user_id) == [10_000]
