"""GET /admin/referrals?q=: what an exact id means, whatever kind it is."""

import pytest

from referrals.store import codes
from tests.functions.running import CODE, REFERRER
from tests.stripe_payloads import OLD, Sale, customer_event, invoice_paid

OTHER_CODE = "B1B2C3D4E5F6"


def users(answer):
    return [item["attribution"]["referred_user_id"] for item in answer.good["items"]]


@pytest.fixture
def two(programme):
    """Of two referrals one paid: invoice, payment intent, charge and customer are Stripe's."""
    for user in ("user-0", "user-1"):
        programme.signup(user)
    sale = Sale(customer="cus_sought", shape=OLD)
    programme.stripe(customer_event(sale, metadata={"user_id": "user-1"}))
    programme.paid = invoice_paid(sale)
    assert programme.stripe(programme.paid).good
    assert programme.status_of("user-1") == "rewarded"
    return programme


def test_a_code_and_its_owner_name_all_that_they_referred(two):
    for text in (CODE, CODE.lower(), REFERRER):
        assert users(two.list(q=text)) == ["user-1", "user-0"]


def test_a_referred_user_and_the_referral_itself_name_the_one(two):
    assert users(two.list(q="user-0")) == ["user-0"]
    one = two.referral_of("user-0")["attribution"]["id"]
    assert users(two.list(q=one)) == ["user-0"]


def test_what_stripe_calls_a_customer_an_invoice_or_a_payment_names_who_paid(two):
    invoice = two.paid["data"]["object"]
    sought = ["cus_sought", invoice["id"], invoice["charge"], invoice["payment_intent"]]
    for text in sought:
        assert users(two.list(q=text)) == ["user-1"], text


def test_a_customer_who_refers_others_is_found_with_those_and_their_invoice_without(two):
    codes.create(two.table, "user-1", OTHER_CODE)
    two.signup("user-2", code=OTHER_CODE)
    assert users(two.list(q="cus_sought")) == ["user-2", "user-1"]
    assert users(two.list(q=two.paid["data"]["object"]["id"])) == ["user-1"]


@pytest.mark.parametrize(
    "text", ["nobody", "cus_unknown", "in_unknown", "A" * 12, "é <b>", "x" * 128]
)
def test_what_names_nothing_finds_nothing(two, text):
    assert two.list(q=text).good == {"items": []}


@pytest.mark.parametrize("text", ["", "x" * 129])
def test_no_id_and_one_that_is_too_long_are_a_400(programme, text):
    assert programme.list(q=text).fields == ["q"]


def test_other_filters_hold_as_well_and_pages_go_on(two):
    assert users(two.list(q=REFERRER, status="rewarded")) == ["user-1"]
    first = two.list(q=CODE, limit="1").good
    assert users(two.list(q=CODE, limit="1", cursor=first["next_cursor"])) == ["user-0"]
    assert two.list(q=REFERRER, cursor=first["next_cursor"]).status == 400


def test_a_user_called_like_a_code_is_found_beside_its_owner(two):
    two.signup("user-3", code=CODE)
    codes.create(two.table, "user-3", OTHER_CODE)
    two.signup(OTHER_CODE, code=CODE)
    two.signup("user-4", code=OTHER_CODE)
    assert users(two.list(q=OTHER_CODE)) == ["user-4", OTHER_CODE, "user-3"]


def test_the_spreadsheet_knows_ids_too(two):
    told = two.admin("export_referrals", "GET", "/admin/referrals.csv", query={"q": "cus_sought"})
    assert [line.split(",")[4] for line in told.good.splitlines()[1:]] == ["user-1"]


def test_a_referral_is_found_by_its_payment_once_its_user_is_erased(two):
    one = two.referral_of("user-1")["attribution"]["id"]
    assert two.admin("erase_user", "POST", "/admin/users/user-1/erase", body={}).good
    found = two.list(q=two.paid["data"]["object"]["id"]).good["items"]
    assert [item["attribution"]["id"] for item in found] == [one]
    assert two.list(q="user-1").good["items"] == []


def test_a_referral_of_which_both_sides_are_meant_is_shown_once(two):
    codes.create(two.table, "user-1", OTHER_CODE)
    two.signup("user-2", code=OTHER_CODE)
    sale = Sale(customer="cus_sought", shape=OLD)
    assert two.stripe(customer_event(sale, metadata={"user_id": "user-2"})).good
    assert users(two.list(q="cus_sought")) == ["user-2", "user-1"]
