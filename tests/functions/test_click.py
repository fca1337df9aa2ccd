"""POST /referrals/click: what is kept of a visit, and which visits are refused."""

import pytest

from referrals.store import keys
from tests.functions.client import request
from tests.functions.running import CODE
from tests.tables import everything

OTHER_CODE = "ZYXWVTSRQPNM"


@pytest.fixture
def other_code(programme, table):
    from referrals.store import codes

    return codes.create(table, "user-other", OTHER_CODE)


def stored_clicks(table):
    return [
        item
        for item in everything(table)
        if item["pk"].startswith("CLICK#") and not item["pk"].startswith("CLICKID#")
    ]


def test_a_click_without_an_id_is_given_one(programme, table):
    data = programme.click().good
    assert data["click_id"].startswith("refclk_")
    assert len(data["click_id"]) == len("refclk_") + 26
    assert [item["click_id"] for item in stored_clicks(table)] == [data["click_id"]]


def test_two_clicks_without_an_id_are_two_clicks(programme):
    assert programme.click().good["click_id"] != programme.click().good["click_id"]
    assert programme.stats().good["clicks"] == 2


@pytest.mark.parametrize("given", ["a1b2c3d4e5f6", " A1b2C3d4E5f6 ", "A1B2C3D4E5F6"])
def test_codes_are_compared_in_upper_case(programme, given):
    assert programme.click(code=given).good["code"] == CODE


@pytest.mark.parametrize("click_id", ["six_ch", "A-Z_a-z-0-9", "x" * 64])
def test_an_unknown_but_well_formed_id_is_kept_as_given(programme, click_id):
    assert programme.click(click_id=click_id).good == {"click_id": click_id, "code": CODE}


def test_a_minted_id_that_comes_back_is_the_same_click_and_counts_once(programme, table):
    first = programme.click(utm_campaign="spring").good
    before = stored_clicks(table)
    again = programme.click(click_id=first["click_id"], utm_campaign="autumn").good
    assert again == first
    assert stored_clicks(table) == before
    assert programme.stats().good["clicks"] == 1


def test_a_given_id_that_comes_back_is_the_same_click_and_counts_once(programme, table):
    first = programme.click(click_id="my-own-id").good
    before = stored_clicks(table)
    assert programme.click(click_id="my-own-id").good == first
    assert stored_clicks(table) == before


def test_an_id_known_for_another_code_starts_a_new_click(programme, other_code):
    first = programme.click(click_id="my-own-id").good
    second = programme.click(click_id="my-own-id", code=other_code).good
    assert second["code"] == other_code
    assert second["click_id"] != first["click_id"]
    assert second["click_id"].startswith("refclk_")
    assert programme.stats().good["clicks"] == 2


def test_the_last_click_decides_who_referred(programme, other_code):
    programme.click(click_id="my-own-id")
    last = programme.click(click_id="my-own-id", code=other_code).good["click_id"]
    attribution = programme.signup("user-new", click_id=last).good
    assert attribution["referrer_user_id"] == "user-other"


def test_the_first_click_still_leads_to_its_own_referrer(programme, other_code):
    programme.click(click_id="my-own-id")
    programme.click(click_id="my-own-id", code=other_code)
    assert programme.signup("user-new", click_id="my-own-id").good["code"] == CODE


def test_metadata_is_sanitized_before_it_is_kept(programme, table):
    programme.click(
        landing_path="https://example.com/pricing?token=secret#top",
        utm_campaign="  spring \u0000\n launch\u202e ",
        utm_medium="m" * 100,
        utm_source="*",
    )
    (item,) = stored_clicks(table)
    assert item["landing_path"] == "/pricing"
    assert item["utm_campaign"] == "spring launch"
    assert item["utm_medium"] == "m" * 64
    assert "utm_source" not in item


def test_a_click_keeps_hashes_of_address_and_agent(programme, table):
    programme.click()
    (item,) = stored_clicks(table)
    assert len(item["ip_hash"]) == len(item["user_agent_hash"]) == 32


def address_hashes(table, *addresses):
    for address in addresses:
        body = {"code": CODE}
        assert request("capture_click", "POST", "/referrals/click", body=body, address=address).good
    return [item["ip_hash"] for item in stored_clicks(table)]


def test_addresses_of_one_ipv6_network_are_one_visitor(programme, table):
    one, other = address_hashes(table, "2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
    assert one == other


def test_addresses_of_two_ipv6_networks_are_two_visitors(programme, table):
    one, other = address_hashes(table, "2001:db8:1:2::1", "2001:db8:1:3::1")
    assert one != other


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "ZZZZZZZZZZZZ"}, "code"),
        ({"code": "short"}, "code"),
        ({"code": "A1B2C3D4E5F6A"}, "code"),
        ({"code": "A1B2C3D4E5\u0660\u0661"}, "code"),
        ({"code": "x" * 65}, "code"),
        ({"code": ""}, "code"),
        ({"code": None}, "code"),
        ({"code": 123456789012}, "code"),
        ({}, "code"),
        ({"code": CODE, "click_id": "short"}, "click_id"),
        ({"code": CODE, "click_id": "x" * 65}, "click_id"),
        ({"code": CODE, "click_id": "with space"}, "click_id"),
        ({"code": CODE, "click_id": "new-line\n"}, "click_id"),
        ({"code": CODE, "click_id": "\u0661\u0662\u0663\u0664\u0665\u0666"}, "click_id"),
        ({"code": CODE, "click_id": ""}, "click_id"),
        ({"code": CODE, "click_id": 1234567}, "click_id"),
        ({"code": CODE, "landing_path": ["/"]}, "landing_path"),
        ({"code": CODE, "utm_campaign": {"a": 1}}, "utm_campaign"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_kept(programme, untouched, body, field):
    with untouched():
        answer = request("capture_click", "POST", "/referrals/click", body=body)
    assert answer.status == 400
    assert answer.fields == [field]


def test_a_disabled_code_is_refused_like_an_unknown_one(programme, table, untouched):
    key = keys.code(CODE)
    item = {"pk": key.pk, "sk": key.sk, "user_id": "user-referrer", "disabled": True}
    table.write(table.put("disabled", item))
    with untouched():
        answer = programme.click()
    assert answer.status == 400
    assert answer.fields == ["code"]
    assert answer.body["msg"] == "code: unknown or disabled referral code"


def test_clicks_over_the_limit_are_told_when_to_come_back(programme, configure, untouched):
    configure(CLICKS_PER_MINUTE=3)
    for _ in range(3):
        assert programme.click().good
    with untouched():
        refused = programme.click()
    assert refused.status == 429
    assert 1 <= refused.data["retry_after"] <= 60
    assert refused.headers["Retry-After"] == str(refused.data["retry_after"])


def test_the_limit_is_for_each_address(programme, configure):
    configure(CLICKS_PER_MINUTE=1)
    assert programme.click().good
    assert programme.click().status == 429
    elsewhere = request(
        "capture_click", "POST", "/referrals/click", body={"code": CODE}, address="198.51.100.4"
    )
    assert elsewhere.good


def test_a_limit_of_zero_is_no_limit(programme, configure, table):
    configure(CLICKS_PER_MINUTE=0)
    for _ in range(70):
        assert programme.click().good
    assert not [item for item in everything(table) if item["pk"].startswith("LIMIT#")]
