"""The table belongs to the secret that its ids were derived with; no other serves beside it."""

import pytest

from referrals.store import keys
from tests.functions import conftest
from tests.functions.client import invoke, request
from tests.iam import guard
from tests.tables import everything

ADDRESS = {"x-forwarded-for": "203.0.113.9"}


@pytest.fixture
def restored(programme, table, monkeypatch):
    """The table is there again, under a secret that is not its own, in processes that start."""
    programme.rewarded("user-referred")
    other = guard.secrets({"HashingSecret": "another", "StripeSecret": conftest.STRIPE_SECRETS})
    monkeypatch.setattr(conftest.settings, "_secret", other)
    conftest.settings.settings.cache_clear()
    table.seen.clear()
    return programme


def test_the_first_signup_leaves_a_fingerprint_that_tells_nothing_of_the_secret(programme, table):
    programme.signup("user-1")
    left = table.get(keys.FINGERPRINT)
    assert conftest.HASHING_SECRET not in str(left)
    programme.signup("user-2")
    assert table.get(keys.FINGERPRINT) == left


def test_the_first_click_leaves_it_so_that_no_later_one_of_its_process_asks(programme, table):
    assert programme.click().good
    assert table.get(keys.FINGERPRINT)
    assert keys.FINGERPRINT.pk in table.seen


def test_under_another_secret_nobody_is_referred_a_second_time(restored, table):
    before = everything(table)
    refused = restored.signup("user-referred")
    assert refused.status == 503
    assert refused.body["msg"] == "the service is being restored"
    money = [item for item in before if "CREDITS" not in item["sk"]]
    assert [item for item in everything(table) if "CREDITS" not in item["sk"]] == money


def test_whatever_hashes_derives_or_moves_money_refuses_too(restored):
    admin = restored.admin_key
    assert restored.click().status == 503
    assert restored.stripe({"id": "evt_1", "type": "invoice.paid", "data": {}}).status == 503
    assert request("list_referrals", "GET", "/admin/referrals", key=admin).status == 503
    erase = "/admin/users/user-referred/erase"
    assert request("erase_user", "POST", erase, key=admin, body={}).status == 503
    for decision in ("approve", "reject"):
        path = f"/admin/referrals/attr_1/{decision}"
        assert request(f"{decision}_referral", "POST", path, key=admin, body={}).status == 503
    assert restored.decide("approve", "attr_1").status == 503
    recover = "/admin/referrals/recover"
    assert request("recover_grants", "POST", recover, key=admin).status == 503
    for job in ("expire_attributions", "reconcile", "recover_grants"):
        with pytest.raises(Exception, match="being restored"):
            invoke(job, {})


def test_it_serves_again_with_its_own_secret(restored, monkeypatch):
    assert restored.signup("user-referred").status == 503
    own = {"HashingSecret": conftest.HASHING_SECRET, "StripeSecret": conftest.STRIPE_SECRETS}
    monkeypatch.setattr(conftest.settings, "_secret", guard.secrets(own))
    conftest.settings.settings.cache_clear()
    assert restored.signup("user-referred").status == 200


def test_the_log_says_it_in_one_line(restored, logs):
    restored.signup("user-referred")
    (told,) = [line for line in logs().splitlines() if '"level":"ERROR"' in line]
    assert "another hashing secret" in told


def test_a_process_looks_once(programme, table, monkeypatch):
    programme.signup("user-1")
    reads = []
    get = table.get
    monkeypatch.setattr(table, "get", lambda key, **how: reads.append(key) or get(key, **how))
    programme.signup("user-2")
    programme.click()
    assert keys.FINGERPRINT not in reads
