"""`make invoke VIA=remote`: the seeded stack answers every example, with something to see."""

import json
from pathlib import Path

import pytest

from local import deployment, invoke
from local.environment import SAM_FILE
from local.seed import seed
from local.stack import Stack, free_port

EVENTS = Path(__file__).parent.parent.parent / "events"
FUNCTIONS = sorted(path.parent.name for path in EVENTS.parent.glob("functions/*/handler.py"))
# What each shows of the programme that `make run` seeds, in the order of their names.
SHOWN = {
    "approve_referral": lambda data: data["attribution"]["status"] == "rewarded",
    "attribute_signup": lambda data: data["status"] == "attributed",
    "capture_click": lambda data: data == {"click_id": "refclk_abc123", "code": "A1B2C3D4E5F6"},
    "change_plan": lambda data: data["plan"] == "growth" and data["overage"],
    "create_webhook_endpoint": lambda data: data["secret"].startswith("whsec_"),
    "check_deliveries": lambda answer: "missed" in answer,
    "delete_webhook_endpoint": lambda data: data["id"].startswith("we_"),
    "deliver_events": lambda answer: "arrived" in answer,
    "list_deliveries": lambda data: data["endpoint"]["enabled"],
    "list_webhook_endpoints": lambda data: data["items"][0]["url"],
    "publish_events": lambda answer: answer["records"] == 1,
    "pull_events": lambda data: data["next_cursor"] and not data["items"],
    "replay_events": lambda data: data["referrals"] > 10,
    "rotate_webhook_secret": lambda data: data["old_secret_until"],
    "send_test_event": lambda data: not data["arrived"],
    "create_api_key": lambda answer: answer["api_key"] and answer["id"],
    "check_stripe": lambda answer: "invoice.paid" in answer["seen"],
    "disable_code": lambda data: data["disabled"],
    "enable_code": lambda data: not data["disabled"],
    "erase_user": lambda data: data["attributions"] == data["bookings"] == 1,
    "expire_attributions": lambda answer: "expired" in answer,
    "export_referrals": lambda told: told["headers"]["Content-Type"].startswith("text/csv"),
    "follow_link": lambda told: "referral_click=refclk_" in told["cookies"][0],
    "get_account": lambda data: len(data["ledger"]) > 1 and data["account"]["granted_left"] > 0,
    "get_health": lambda data: data["stripe"]["last_event_at"] and data["settings"]["risk_rules"],
    "get_referral": lambda data: data["audit"][-1]["to_status"] == "rewarded",
    "list_referrals": lambda data: len(data["items"]) > 1,
    "my_referral_events": lambda data: len(data["items"]) > 1,
    "my_referrals": lambda data: data["stats"]["rewarded"] > 1,
    "reconcile": lambda answer: answer["items"] > 100 and answer["differences"] == [],
    "rank_campaigns": lambda data: data["items"][0]["rewarded_referrals"] and data["complete"],
    "rank_referrers": lambda data: "items" in data,
    "recover_grants": lambda data: data["attempted"] == data["recovered"] > 0,
    "recover_grants_schedule": lambda answer: "recovered" in answer,
    "referral_stats": lambda data: data["clicks"] > 20 and data["rewarded_referrals"] > 1,
    "referral_stats_so_far": lambda data: data["clicks"] > 20 and data["rewarded_referrals"] > 1,
    "referral_series": lambda data: sum(one["clicks"] for one in data["items"]) > 20,
    "decide_referrals": lambda data: data["items"][0]["status"] == "rejected",
    "reject_referral": lambda data: data["attribution"]["status"] == "rejected",
    "revoke_api_key": lambda answer: answer["revoked"].startswith("key_"),
    "roll_up_clicks": lambda answer: "minutes" in answer,
    "serve_card": lambda told: told["headers"]["ETag"],
    "serve_console": lambda told: told["headers"]["ETag"],
    "serve_embed": lambda told: told["headers"]["ETag"],
    "stripe_webhook": lambda data: data["handled"],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The directory of a stack as `make run` leaves it, but that no schedule is faster than us."""
    directory = tmp_path_factory.mktemp("seeded")
    parameters = {"RecoverySchedule": "rate(1 day)", "MinimumPaidAmount": "2"}
    with Stack(free_port(), free_port(), parameters=parameters, directory=directory) as stack:
        seed(stack)
        yield directory


def test_every_example_has_something_to_show():
    assert set(SHOWN) == {path.stem for path in EVENTS.glob("*.json")}


@pytest.mark.parametrize("name", SHOWN)
def test_the_example_is_answered_with_something_to_see(running, capsys, name):
    function = max((one for one in FUNCTIONS if name.startswith(one)), key=len)
    resource = deployment.function_resource(function)
    assert (
        invoke.main([resource, "--event", f"{EVENTS / name}.json", "--via", "remote"], running) == 0
    )
    shown = capsys.readouterr().out
    if shown.startswith("{"):
        assert SHOWN[name](json.loads(shown)), shown
    else:
        status, _, body = shown.partition("\n")
        assert status == ("302 Found" if name == "follow_link" else "200 OK"), shown
        told = json.loads(body)
        assert SHOWN[name](told.get("data", told)), shown


def test_a_payload_that_the_function_does_not_take_fails_the_command(running, tmp_path):
    unknown = tmp_path / "unknown.json"
    unknown.write_text('{"user_id": "admin-user", "id": "key_of_nobody"}')
    arguments = ["RevokeApiKey", "--event", str(unknown), "--via", "remote"]
    assert invoke.main(arguments, running) == 1


def test_containers_are_given_what_the_deployed_functions_were_given(running):
    variables = json.loads((running / SAM_FILE).read_text())
    assert set(variables) == {deployment.function_resource(function) for function in FUNCTIONS}
    for own in variables.values():
        assert own["MINIMUM_PAID_AMOUNT"] == "2"
        assert "same_ip" not in own["RISK_RULES"]
        assert own["AWS_ENDPOINT_URL"].startswith("http://host.docker.internal:")
        assert own["JWT_JWKS_URL"].startswith("http://host.docker.internal:")
        assert own["JWT_ISSUER"].startswith("http://127.0.0.1:")
    assert variables["StripeWebhookFunction"]["STRIPE_SECRET"]
