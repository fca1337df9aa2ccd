"""A link that is followed in a real browser: who signs up within the window is the referrer's."""

from datetime import UTC, datetime, timedelta

import pytest

from referrals.rules.ids import visit_of
from referrals.rules.times import timestamp
from referrals.store import keys
from tests.browser.product import ACCOUNTS, FOREIGN, LINKS, UNNAMED, new_user

COOKIE = "referral_click"


def days_later(service, context, days):
    """What a browser still sends after so many days, and how old the service finds the click.

    A browser forgets a cookie by its own clock, so what it keeps is made so much older.
    """
    now, passed = datetime.now(UTC).timestamp(), timedelta(days=days)
    state = context.storage_state()
    for cookie in state["cookies"]:
        _make_older(service, cookie["value"], passed)
        cookie["expires"] -= passed.total_seconds()
    state["cookies"] = [one for one in state["cookies"] if one["expires"] > now]
    return state


def _make_older(service, click_id, passed):
    key = keys.click_visit(*visit_of(click_id))
    clicked = datetime.fromisoformat(service.table.get(key)["clicked_at"])
    service.client("dynamodb").update_item(
        TableName=service.table.name,
        Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        UpdateExpression="SET clicked_at = :earlier",
        ExpressionAttributeValues={":earlier": {"S": timestamp(clicked - passed)}},
    )


def sign_up(page, host=ACCOUNTS, path="/"):
    """Fill the form in; the new user, and whether the page says that they were referred."""
    user_id = new_user()
    page.goto(f"https://{host}{path}")
    page.get_by_label("Name").fill(user_id)
    page.get_by_role("button").click()
    return user_id, page.get_by_role("paragraph").text_content() == "referred"


@pytest.mark.parametrize(("days", "referred"), [(29, True), (31, False)])
def test_a_signup_after_days_on_another_host_with_scripts_blocked(
    service, product, browsing, days, referred
):
    referrer, code = service.new_referrer()
    first = browsing(java_script_enabled=False)
    page = first.new_page()
    page.goto(f"https://{LINKS}/r/{code}?utm_campaign=spring")
    assert page.url == "https://www.shop.test/welcome?utm_campaign=spring"
    (cookie,) = first.cookies()
    assert (cookie["name"], cookie["domain"]) == (COOKIE, ".shop.test")
    assert cookie["httpOnly"]
    assert cookie["secure"]

    kept = days_later(service, first, days)
    later = browsing(java_script_enabled=False, storage_state=kept).new_page()
    user_id, told = sign_up(later)
    assert told is referred
    if referred:
        attribution = service.referral_of(user_id)["attribution"]
        assert attribution["referrer_user_id"] == referrer
        assert attribution["utm_campaign"] == "spring"


def test_no_script_reads_the_cookie(service, product, visitor):
    _, code = service.new_referrer()
    visitor.goto(f"https://{LINKS}/r/{code}")
    assert visitor.context.cookies()
    assert visitor.evaluate("document.cookie") == ""


def test_a_browser_that_says_it_is_driven_by_a_program_leaves_no_click(service, product, chromium):
    _, code = service.new_referrer()
    with chromium.new_context() as context:
        context.new_page().goto(f"https://{LINKS}/r/{code}?to=/pricing")
        assert context.pages[0].url == "https://www.shop.test/pricing"
        assert context.cookies() == []


def test_on_a_foreign_domain_the_script_remembers_the_visit(service, product, visitor):
    referrer, code = service.new_referrer()
    with visitor.expect_response("**/referrals/click") as told:
        visitor.goto(f"https://{FOREIGN}/?ref={code}&utm_source=blog")
    assert told.value.ok
    # A policy without unsafe-eval holds for Playwright's own waiting too.
    while visitor.evaluate("referrals.clickId()") is None:
        visitor.wait_for_timeout(10)
    # Another page, without the code: it is told once.
    asked = []
    visitor.on("request", lambda one: asked.append(one.url))
    user_id, referred = sign_up(visitor, FOREIGN)
    assert referred
    assert not [url for url in asked if url.endswith("/referrals/click")]
    attribution = service.referral_of(user_id)["attribution"]
    assert (attribution["referrer_user_id"], attribution["utm_source"]) == (referrer, "blog")
    # Nothing of its own stands in the page's way.
    (cookie,) = visitor.context.cookies()
    assert (cookie["name"], cookie["domain"]) == (COOKIE, FOREIGN)


def test_a_page_that_nobody_has_named_may_not_call(service, product, visitor):
    _, code = service.new_referrer()
    before = service.stats()["clicks"]
    with visitor.expect_event("requestfailed", lambda one: one.url.endswith("/click")):
        visitor.goto(f"https://{UNNAMED}/?ref={code}")
    assert visitor.evaluate("referrals.clickId()") is None
    assert visitor.context.cookies() == []
    assert service.stats()["clicks"] == before
    assert sign_up(visitor, UNNAMED)[1] is False
