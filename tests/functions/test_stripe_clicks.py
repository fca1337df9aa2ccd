"""Stripe is told the click: its customer's user is attributed where the product forgot the call."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from referrals.store import codes, keys
from tests import stripe_payloads
from tests.functions.running import CODE, REFERRER
from tests.functions.test_follow_link import click_of, follow
from tests.stripe_payloads import Sale

USER = "user-new"
SALE = Sale(customer="cus_new")
OTHER_CODE = "ZYXWVTSRQPNM"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def click(programme):
    return programme.click(utm_campaign="spring").good["click_id"]


def by_reference(click, sale=SALE):
    user = {"user_id": USER}
    return stripe_payloads.checkout_completed(sale, client_reference_id=click, metadata=user)


def by_session_metadata(click, sale=SALE):
    told = {"referral_click_id": click}
    return stripe_payloads.checkout_completed(sale, client_reference_id=USER, metadata=told)


def by_new_customer(click, sale=SALE):
    told = {"referral_click_id": click, "user_id": USER}
    return stripe_payloads.customer_event(sale, metadata=told)


def by_changed_customer(click, sale=SALE):
    told = {"referral_click_id": click, "user_id": USER}
    return stripe_payloads.customer_event(sale, "customer.updated", metadata=told)


WAYS = [by_reference, by_session_metadata, by_new_customer, by_changed_customer]


def referrals(programme):
    return programme.list().good["items"]


@pytest.mark.parametrize("way", WAYS)
def test_the_customers_user_is_the_referrers(programme, click, way):
    assert programme.stripe(way(click)).good["handled"]
    attribution = programme.referral_of(USER)["attribution"]
    assert attribution["referrer_user_id"] == REFERRER
    assert attribution["click_id"] == click
    assert attribution["utm_campaign"] == "spring"
    assert programme.stats().good["attributed_signups"] == 1


EVENTS = {
    "click": lambda click: stripe_payloads.checkout_completed(SALE, client_reference_id=click),
    "user": lambda _: stripe_payloads.customer_event(SALE, metadata={"user_id": USER}),
    "payment": lambda _: stripe_payloads.invoice_paid(SALE),
}
ORDERS = list(itertools.permutations(EVENTS))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_whatever_comes_first_the_end_is_the_same(programme, click, order):
    for name in [*order, *order]:
        assert programme.stripe(EVENTS[name](click)).good["handled"]
    (referral,) = referrals(programme)
    assert referral["attribution"]["status"] == "rewarded"
    assert programme.balance(USER) == programme.balance(REFERRER) == 10_000
    counted = programme.stats().good
    assert (counted["attributed_signups"], counted["rewarded_referrals"]) == (1, 1)


def test_the_products_own_call_may_come_as_well(programme, click):
    assert programme.stripe(by_reference(click)).good["handled"]
    known = programme.referral_of(USER)
    assert programme.signup(USER, click_id=click).good == known["attribution"]
    assert programme.referral_of(USER) == known


def test_whoever_has_another_referrer_keeps_them(programme, table, click):
    codes.create(table, "user-other", OTHER_CODE)
    assert programme.signup(USER, code=OTHER_CODE).good
    assert programme.stripe(by_reference(click)).good["handled"]
    assert programme.referral_of(USER)["attribution"]["referrer_user_id"] == "user-other"


def test_of_two_clicks_the_last_link_that_was_followed_wins(programme, table, time_is):
    codes.create(table, "user-other", OTHER_CODE)
    for hours, code in ((0, CODE), (1, OTHER_CODE)):
        time_is(NOON + timedelta(hours=hours))
        _, _, cookies = follow(code)
        assert programme.stripe(EVENTS["click"](click_of(cookies))).good["handled"]
    assert programme.stripe(EVENTS["user"](None)).good["handled"]
    assert programme.referral_of(USER)["attribution"]["referrer_user_id"] == "user-other"


def test_a_click_after_the_window_attributes_nobody(programme, time_is):
    time_is(NOON)
    click = programme.click().good["click_id"]
    time_is(NOON + timedelta(days=31))
    late = by_reference(click) | {"created": int((NOON + timedelta(days=31)).timestamp())}
    assert programme.stripe(late).good["handled"]
    assert referrals(programme) == []


@pytest.mark.parametrize("order", [("click", "user"), ("user", "click")])
def test_an_event_that_comes_late_tells_of_its_own_time(programme, time_is, order):
    """Stripe sends again for days, and the click was told within its window."""
    time_is(NOON)
    click = programme.click().good["click_id"]
    time_is(NOON + timedelta(days=33))
    told = {"created": int((NOON + timedelta(days=29)).timestamp())}
    for name in order:
        assert programme.stripe(EVENTS[name](click) | told).good["handled"]
    assert programme.referral_of(USER)["attribution"]["click_id"] == click


def test_what_is_told_again_is_kept_once(programme, table, click):
    for seconds in (60, 0, 60, 120):
        again = stripe_payloads.later(by_new_customer(click), seconds)
        assert programme.stripe(again).good["handled"]
    link = table.get(keys.stripe_link(SALE.customer))
    assert len(link["came_by"]) == 2


def test_a_disabled_code_attributes_nobody(programme, table, click):
    codes.retire(table, CODE, "erased_0")
    assert programme.stripe(by_reference(click)).good["handled"]
    assert referrals(programme) == []


@pytest.mark.parametrize(
    "told", ["refclk_unknown", "refclk_01JCZ0000000000000000000", "short", "", "a b c d e f", 7]
)
def test_what_is_no_click_attributes_nobody_and_is_no_error(programme, told):
    metadata = {"user_id": USER, "referral_click_id": told}
    event = stripe_payloads.customer_event(SALE, metadata=metadata)
    assert programme.stripe(event).good["handled"]
    assert referrals(programme) == []


def test_nobody_refers_themselves_by_way_of_stripe(programme, click):
    told = {"user_id": REFERRER, "referral_click_id": click}
    assert programme.stripe(stripe_payloads.customer_event(SALE, metadata=told)).good["handled"]
    assert referrals(programme) == []


def test_a_reference_of_the_products_own_is_still_a_user(programme):
    assert programme.signup(USER).good
    event = stripe_payloads.checkout_completed(SALE, client_reference_id=USER)
    for one in (event, stripe_payloads.invoice_paid(SALE)):
        assert programme.stripe(one).good["handled"]
    assert programme.status_of(USER) == "rewarded"


def test_an_erased_person_is_not_referred_anew_and_the_click_is_forgotten(programme, table, click):
    assert programme.stripe(by_reference(click)).good["handled"]
    programme.admin("erase_user", "POST", f"/admin/users/{USER}/erase")
    erased = referrals(programme)
    for event in (by_reference(click), by_new_customer(click)):
        assert programme.stripe(event).good["handled"]
    assert referrals(programme) == erased
    assert "came_by" not in table.get(keys.stripe_link(SALE.customer))


def test_the_first_attribution_leaves_the_secrets_fingerprint(programme, table, click):
    # The click has left it already.
    table.write(table.delete("fingerprint", keys.FINGERPRINT))
    table.seen.clear()
    assert programme.stripe(by_reference(click)).good["handled"]
    assert table.get(keys.FINGERPRINT) is not None
