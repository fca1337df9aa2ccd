"""The list and a referral's story in a real browser."""

import csv
import re
from pathlib import Path

from playwright.sync_api import expect

from tests import stripe_payloads


def test_why_somebody_has_no_credits_is_answered_from_the_page_alone(service, console):
    _, owed = service.owed()
    identity = service.referral_of(owed)["attribution"]["id"]
    console.open(f"referrals/{identity}")
    console.said("10,000 credits are owed. One try failed")
    console.said("the credits account cannot be written")
    service.set_balance(owed, 0)
    console.page.get_by_role("button", name="Try owed grants now").click()
    console.said("It is paid, and both sides have their credits.")
    _, code = service.new_referrer()
    user, sale = service.referred(code)
    identity = service.referral_of(user)["attribution"]["id"]
    console.go(f"referrals/{identity}")
    console.said("Stripe has told nothing of this user")
    for event in stripe_payloads.payment(sale):
        service.stripe(event)
    service.stripe(stripe_payloads.charge_refunded(sale))
    console.page.reload()
    console.said("The payment was refunded (")
    console.said("10,000 were taken back for a refund or dispute")


def test_the_list_keeps_its_filters_and_its_page_in_the_address(service, console):
    referrer, code = service.new_referrer()
    for _ in range(3):
        service.referred(code)
    console.open("referrals")
    console.page.get_by_label("User id, either side").fill(referrer)
    console.page.get_by_role("button", name="Show").click()
    rows = console.page.get_by_role("row")
    expect(rows).to_have_count(4)
    assert f"user_id={referrer}" in console.page.url
    console.page.reload()
    expect(rows).to_have_count(4)
    console.page.get_by_role("link", name=re.compile("^attr_")).first.click()
    console.said("A first payment counts until")
    console.page.go_back()
    expect(rows).to_have_count(4)


def saved(console):
    """The lines of the file that the button saves."""
    with console.page.expect_download() as download:
        console.page.get_by_role("button", name="Save all as CSV").click()
    assert download.value.suggested_filename == "referrals.csv"
    with Path(download.value.path()).open(newline="") as file:
        return list(csv.DictReader(file))


def in_small_pages(route):
    """A page of a thousand, for a test, is one of two."""
    route.continue_(url=f"{route.request.url}&limit=2")


def test_what_is_filtered_is_saved_as_one_file_whatever_its_pages(service, console):
    referrer, code = service.new_referrer()
    users = [service.referred(code)[0] for _ in range(5)]
    console.open(f"referrals?user_id={referrer}&order=oldest")
    asked = len(console.asked)
    console.page.route("**/admin/referrals.csv?*", in_small_pages)
    lines = saved(console)
    assert [one["referred_user_id"] for one in lines] == users
    assert len([url for url in console.asked[asked:] if ".csv" in url]) == 3


def test_a_file_that_broke_off_goes_on_where_it_was(service, console):
    referrer, code = service.new_referrer()
    users = [service.referred(code)[0] for _ in range(5)]
    console.open(f"referrals?user_id={referrer}")
    pages = []

    def fail_once(route):
        pages.append(route.request.url)
        if len(pages) == 2:
            route.fulfill(status=429, body='{"msg": "rate limit", "data": {"retry_after": 1}}')
        else:
            in_small_pages(route)

    console.page.route("**/admin/referrals.csv?*", fail_once)
    console.page.get_by_role("button", name="Save all as CSV").click()
    console.said("Too much at once: rate limit.")
    with console.page.expect_download() as download:
        console.page.get_by_role("button", name="Try again", exact=True).click()
    text = Path(download.value.path()).read_text()
    assert [text.count(user) for user in users] == [1] * 5
    assert [("cursor" in url) for url in pages] == [False, True, True, True]


def test_a_file_may_be_stopped(service, console):
    referrer, code = service.new_referrer()
    service.referred(code)
    console.open(f"referrals?user_id={referrer}")
    console.page.route("**/admin/referrals.csv?*", lambda route: None)
    console.page.get_by_role("button", name="Save all as CSV").click()
    console.said("0 pages fetched…")
    console.page.get_by_role("button", name="Stop").click()
    console.page.unroute("**/admin/referrals.csv?*")
    assert len(saved(console)) == 1


def test_any_whole_id_finds_its_referral(service, console):
    _, code = service.new_referrer()
    user, sale = service.referred(code)
    service.stripe(stripe_payloads.invoice_paid(sale))
    identity = service.referral_of(user)["attribution"]["id"]
    console.open("referrals")
    link = console.page.get_by_role("link", name=identity)
    for one in (user, identity, sale.invoice, sale.customer, code):
        console.page.get_by_label("Search").fill(one)
        console.page.get_by_role("button", name="Show").click()
        expect(console.page.get_by_role("row")).to_have_count(2)
        expect(link).to_be_visible()
    console.page.get_by_label("Search").fill("in_unknown")
    console.page.get_by_role("button", name="Show").click()
    console.said("None that fits.")
