"""The console in a real browser, whatever its screen: who gets in, what loads, how it looks."""

from referrals.store import keys
from tests import stripe_payloads
from tests.browser.console import URL


def test_without_a_key_nothing_is_asked_and_nothing_shown(service, console):
    console.page.goto(URL)
    console.page.get_by_role("dialog").wait_for()
    assert not any("/api/" in url for url in console.asked)
    console.sign_in("rfk_wrong")
    console.said("nobody is known by it, or not any more")
    console.sign_in(service.service_key)
    console.said("You may not do that.")
    console.sign_in(service.admin_key)
    console.page.get_by_role("dialog").wait_for(state="detached")
    assert not any(service.admin_key in url for url in console.asked)
    assert console.page.evaluate("localStorage.length") == 0


def test_a_slow_answer_shows_that_it_is_coming(service, console):
    _, code = service.new_referrer()
    service.referred(code)
    waiting = []

    def hold(route):
        waiting.append(route)

    console.page.route("**/api/v1/admin/referrals?limit=50", hold)
    console.open("referrals")
    console.said("Loading referrals…")
    while not waiting:
        console.page.wait_for_timeout(10)
    console.said("Loading referrals…")
    waiting.pop().continue_()
    console.page.get_by_role("table").wait_for()


def test_a_page_of_another_version_says_that_it_has_to_be_loaded_again(console):
    console.page.route("**/review.js", lambda route: route.fulfill(status=404))
    console.open("review")
    console.said("This screen did not load.")
    console.page.unroute("**/review.js")
    console.page.get_by_role("button", name="Load the page again").click()
    console.page.get_by_role("heading", name="Review queue").wait_for()


SENT = """performance.getEntriesByType("resource").filter(one => one.name.includes("/console/"))
    .map(one => [one.name, one.transferSize])"""


def test_what_a_browser_has_it_does_not_ask_for_again(console):
    console.open("accounts")
    console.page.get_by_label("User id").wait_for()
    assert all(size for _, size in console.page.evaluate(SENT))
    console.page.reload()
    console.page.get_by_label("User id").wait_for()
    again = console.page.evaluate(SENT)
    assert len(again) > 10
    assert [name for name, size in again if size] == []


HOSTILE = "<img/src=x onerror=alert(1)>"


def test_what_strangers_wrote_is_text_everywhere(service, console, emptied):
    """Of ids only what may stand in a path gets in; all else that a stranger can fill is shown."""
    _, code = service.new_referrer()
    fields = ("landing_path", "utm_campaign", "utm_medium", "utm_source")
    click = service.click(code, **dict.fromkeys(fields, f"/{HOSTILE}")).good["click_id"]
    user, sale = service.referred(code, click_id=click, email="x@mailinator.com")
    service.stripe(stripe_payloads.invoice_paid(sale))
    identity = service.referral_of(user)["attribution"]["id"]
    service.client("dynamodb").update_item(
        TableName=service.table.name,
        Key={name: {"S": value} for name, value in keys.attribution(identity)._asdict().items()},
        UpdateExpression="SET referrer_user_id = :h, review_reason = :h, landing_path = :h",
        ExpressionAttributeValues={":h": {"S": HOSTILE}},
    )
    alerts = []
    console.page.on("dialog", lambda one: (alerts.append(one), one.dismiss()))
    console.open("review")
    console.said(HOSTILE)
    console.go(f"referrals/{identity}")
    console.said(HOSTILE)
    console.go("referrals")
    console.said(HOSTILE)
    decided = {"reason": HOSTILE}
    service.admin("POST", f"/admin/referrals/{identity}/reject", decided)
    console.go(f"referrals/{identity}")
    console.said(f"({HOSTILE})")
    assert console.page.locator("main img").count() == 0
    assert alerts == []
