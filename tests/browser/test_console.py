"""The console in a real browser, as support staff use it: decided, explained, and nothing lost."""

import re

import pytest
from playwright.sync_api import expect

from referrals.store import keys
from tests import stripe_payloads
from tests.browser.audit import violations
from tests.browser.console import URL, Console, held, many_held, status

SCREENS = ["overview", "review", "referrals", "referrals/<id>", "accounts", "accounts/<referrer>"]


@pytest.fixture
def console(service, browsing):
    """A console that is not opened yet; what it asked of others or broke fails the test."""
    made = Console(browsing().new_page(), service)
    yield made
    assert made.foreign == []
    assert made.faults == []


@pytest.fixture
def emptied(service):
    """Nobody else's referrals wait for review."""
    query = {"status": "review_required", "limit": "100"}
    while items := service.admin("GET", "/admin/referrals", query=query).good["items"]:
        decisions = [{"id": one["attribution"]["id"], "verdict": "reject"} for one in items]
        body = {"idempotency_key": f"empty-{items[0]['attribution']['id']}"[:64]}
        service.admin("POST", "/admin/referrals/decisions", body | {"decisions": decisions})


def decide(console, letter, note=""):
    """By keyboard alone."""
    keyboard = console.page.keyboard
    keyboard.press(letter)
    console.page.get_by_role("dialog").wait_for()
    if note:
        keyboard.type(note)
    keyboard.press("Enter")
    console.page.get_by_role("dialog").wait_for(state="detached")


def test_without_a_key_nothing_is_asked_and_nothing_shown(service, console):
    console.page.goto(URL)
    console.page.get_by_role("dialog").wait_for()
    assert not any("/api/" in url for url in console.asked)
    console.sign_in("rfk_wrong")
    console.said("no such key, or it was revoked")
    console.sign_in(service.service_key)
    console.said("This key may not do that.")
    console.sign_in(service.admin_key)
    console.page.get_by_role("dialog").wait_for(state="detached")
    assert not any(service.admin_key in url for url in console.asked)
    assert console.page.evaluate("localStorage.length") == 0


def test_an_empty_queue_says_so(emptied, console):
    console.open("review")
    console.said("Nothing waits for review.")


def test_held_referrals_are_decided_by_keyboard_alone(service, console, emptied):
    waiting = held(service, 6)
    console.open("review")
    console.said("6 waiting")
    for number, _ in enumerate(waiting):
        decide(console, "a" if number % 2 else "r", f"case {number}")
        console.said(f"{5 - number} waiting" if number < 5 else "Nothing waits")
    wanted = ["rejected", "rewarded"] * 3
    assert [status(service, one) for one in waiting] == wanted
    told = service.admin("GET", f"/admin/referrals/{waiting[3]}").good["audit"][-1]
    assert (told["by"], told["why"]) == ("admin-user", "case 3")


def test_the_keys_move_choose_and_explain_themselves(service, console, emptied):
    held(service, 3)
    console.open("review")
    console.said("3 waiting")
    current = console.page.locator("[aria-current=true]")
    first = current.get_by_role("heading", level=2).inner_text()
    console.page.keyboard.press("j")
    expect(current.get_by_role("heading", level=2)).not_to_have_text(first)
    console.page.keyboard.press("k")
    expect(current.get_by_role("heading", level=2)).to_have_text(first)
    console.page.keyboard.press("x")
    expect(current.get_by_role("checkbox")).to_be_checked()
    console.page.keyboard.press("?")
    expect(console.page.get_by_role("dialog")).to_contain_text("the next one")
    console.page.keyboard.press("Escape")
    console.page.keyboard.press("a")
    expect(console.page.get_by_role("dialog")).to_contain_text("Approve this referral?")
    console.page.keyboard.press("Escape")
    assert console.page.get_by_role("dialog").count() == 0


def test_of_a_hundred_with_ten_stale_ones_ninety_are_done_and_ten_explained(
    service, console, emptied
):
    many_held(service, 100)
    console.open("review")
    console.said("100 waiting")
    query = {"status": "review_required", "limit": "10"}
    stale = [
        one["attribution"]["id"]
        for one in service.admin("GET", "/admin/referrals", query=query).good["items"]
    ]
    for one in stale:
        assert service.admin("POST", f"/admin/referrals/{one}/reject", {}).good
    console.page.get_by_role("button", name="Choose all").click()
    console.page.get_by_role("button", name="Approve 100").click()
    console.page.get_by_label("Note").fill("a conference")
    console.page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    told = console.page.get_by_text("90 decided, 10 not:")
    told.wait_for(timeout=60_000)
    explained = console.page.get_by_role("listitem").filter(has_text="somebody else was first")
    assert explained.count() == 10
    shown = " ".join(explained.all_inner_texts())
    assert all(one in shown for one in stale)
    assert {status(service, one) for one in stale} == {"rejected"}
    query = {"status": "review_required"}
    assert service.admin("GET", "/admin/referrals", query=query).good["items"] == []


def test_of_two_reviewers_at_one_referral_one_decides_and_the_other_is_told(
    service, browsing, emptied
):
    (one,) = held(service)
    first, second = (Console(browsing().new_page(), service).open("review") for _ in range(2))
    for console in (first, second):
        console.said("1 waiting")
    decide(first, "a", "known company")
    second.page.keyboard.press("r")
    second.page.keyboard.press("Enter")
    second.said("somebody else was first, it is rewarded now")
    second.said("Decided by admin-user")
    assert status(service, one) == "rewarded"


def test_a_key_that_is_revoked_in_the_middle_costs_no_note(service, console, emptied):
    made = service.invoke("create_api_key", {"user_id": "jo", "role": "admin", "plan": "pro"})
    (one,) = held(service)
    console.open("review", made["api_key"])
    console.said("1 waiting")
    console.page.keyboard.press("a")
    console.page.get_by_label("Note").fill("a long note")
    refused = '{"code": 401, "msg": "invalid API key", "data": {}}'
    console.page.route("**/decisions", lambda route: route.fulfill(status=401, body=refused))
    console.page.keyboard.press("Enter")
    console.said("Your key is not valid any more.")
    console.page.unroute("**/decisions")
    again = console.page.get_by_role("dialog", name="Sign in again")
    again.get_by_label("Admin API key").fill(service.admin_key)
    again.get_by_role("button", name="Sign in").click()
    again.wait_for(state="detached")
    assert console.page.get_by_label("Note").input_value() == "a long note"
    console.page.get_by_role("button", name="Approve", exact=True).click()
    console.said("Nothing waits")
    told = service.admin("GET", f"/admin/referrals/{one}").good["audit"][-1]
    assert (told["by"], told["why"]) == ("admin-user", "a long note")


REFUSALS = {
    "a lost network": (None, "The service did not answer."),
    "a failure": (500, "The service failed (500)."),
    "too much": (429, "Too much at once: rate limit of 5 a minute exceeded."),
    "no admin": (403, "This key may not do that."),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_fails_is_told_with_what_to_do_and_the_note_stays(service, console, emptied, name):
    code, words = REFUSALS[name]
    (one,) = held(service)
    console.open("review")
    console.said("1 waiting")
    body = '{"msg": "rate limit of 5 a minute exceeded", "data": {"retry_after": 2}}'

    def fail(route):
        if code is None:
            route.abort()
        else:
            route.fulfill(status=code, body=body if code == 429 else '{"data": {}}')

    console.page.route("**/decisions", fail)
    console.page.keyboard.press("r")
    console.page.get_by_label("Note").fill("my note")
    console.page.keyboard.press("Enter")
    console.said(words)
    console.page.unroute("**/decisions")
    assert console.page.get_by_label("Note").input_value() == "my note"
    console.page.get_by_role("button", name="Try again", exact=True).click()
    console.said("Nothing waits")
    assert status(service, one) == "rejected"


def test_a_slow_answer_shows_that_it_is_coming(console):
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


def test_a_lost_answer_is_asked_for_again_and_decides_once(service, console, emptied):
    (one,) = held(service)
    console.open("review")
    console.said("1 waiting")
    lost = []

    def lose(route):
        # It arrives, and its answer does not.
        lost.append(service.admin("POST", "/admin/referrals/decisions", route.request.post_data))
        route.abort()

    console.page.route("**/decisions", lose)
    console.page.keyboard.press("a")
    console.page.keyboard.press("Enter")
    console.said("The service did not answer.")
    assert lost[0].good["items"][0]["code"] == 200
    console.page.unroute("**/decisions")
    console.page.get_by_role("button", name="Try again", exact=True).click()
    console.said("approved: rewarded")
    assert status(service, one) == "rewarded"


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_screen_is_accessible_and_fits(service, browsing, emptied, scheme, width):
    (one,) = held(service)
    story = service.admin("GET", f"/admin/referrals/{one}").good
    referrer = story["attribution"]["referrer_user_id"]
    page = browsing(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
    console = Console(page, service)
    page.goto(URL)
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    console.open("review")
    console.said("1 waiting")
    for screen in SCREENS:
        console.go(screen.replace("<id>", one).replace("<referrer>", referrer))
        console.settled()
        assert violations(page) == [], screen
        assert page.evaluate("document.documentElement.scrollWidth") <= width, screen
    console.go("review")
    console.said("1 waiting")
    for button in ("Approve…", "Keys ?"):
        page.get_by_role("button", name=button).click()
        page.get_by_role("dialog").wait_for()
        assert violations(page) == [], button
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")


def test_every_figure_of_the_funnel_is_what_the_service_says(service, console):
    """A campaign's, and that of all; of this month and the one before."""
    _, code = service.new_referrer()
    campaign = f"campaign-{code.lower()}"
    for number in range(3):
        click = service.click(code, utm_campaign=campaign).good["click_id"]
        _, sale = service.referred(code, click_id=click)
        if number:
            service.stripe(stripe_payloads.invoice_paid(sale))
    console.open(f"overview?campaign={campaign}")
    console.said(f"Funnel of {campaign}")
    told = service.stats(campaign=campaign)
    assert (told["clicks"], told["attributed_signups"], told["rewarded_referrals"]) == (3, 3, 2)
    figures = console.page.locator("tr[data-figure]")
    assert figures.count() == 7
    for row in figures.all():
        name = row.get_attribute("data-figure")
        now, before, change = (row.get_by_role("cell").nth(at).inner_text() for at in (0, 2, 4))
        assert (now, before, change) == (str(told[name]), "0", "new" if told[name] else "")
    rates = figures.filter(has_text="Rewarded").get_by_role("cell").nth(1)
    assert rates.inner_text() == "66.7 % of signups"
    console.page.get_by_label("From").fill("2001-01-01")
    console.page.get_by_label("To, and with it").fill("2001-01-31")
    console.page.get_by_role("button", name="Show").click()
    console.said("2001-01-01 to 2001-01-31")
    assert figures.first.get_by_role("cell").first.inner_text() == "0"


def test_the_course_of_a_span_is_drawn_and_adds_up_to_its_funnel(service, console):
    _, code = service.new_referrer()
    campaign = f"course-{code.lower()}"
    for _ in range(2):
        click = service.click(code, utm_campaign=campaign).good["click_id"]
        service.referred(code, click_id=click)
    console.open(f"overview?campaign={campaign}")
    console.said("Day by day")
    expect(console.page.locator(".plot canvas")).to_have_count(2)
    sums = console.page.locator("[data-sum]")
    console.page.get_by_text("The same in figures").click()
    told = service.stats(campaign=campaign)
    assert {one.get_attribute("data-sum"): int(one.inner_text()) for one in sums.all()} == {
        name: told[name] for name in told if not name.endswith("_rate")
    }
    assert console.page.get_by_role("row").filter(has_text="Together").count() == 1
    # The last of thirty days is the one in which it happened.
    last = console.page.get_by_role("region", name="in figures").get_by_role("row").nth(-2)
    assert last.get_by_role("cell").all_inner_texts()[:2] == ["2", "2"]
    console.page.get_by_label("Step").select_option("hour")
    console.page.get_by_role("button", name="Show").click()
    console.said("Hour by hour")
    expect(sums.first).to_have_text("2")
    console.go("overview?from=2020-01-01")
    console.said("At most 366 days are drawn")


def test_what_draws_is_loaded_by_the_screen_that_draws(console):
    console.open("accounts")
    console.page.get_by_label("User id").wait_for()
    assert not any("uplot" in url for url in console.asked)
    console.go("overview")
    console.page.locator(".plot canvas").first.wait_for()
    assert any("uplot.mjs" in url for url in console.asked)


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


def test_what_waits_for_a_person_leads_there(service, console, emptied):
    held(service, 2)
    service.owed()
    console.open()
    waiting = service.stats()["review_required"]
    console.page.get_by_role("link", name=f"{waiting} wait for review").click()
    console.said("2 waiting")
    console.page.go_back()
    console.page.get_by_role("link", name="credits that are owed").click()
    console.page.get_by_role("cell", name="qualified, not granted yet").first.wait_for()


def test_a_code_is_disabled_and_enabled_with_a_note_that_stays(service, console):
    referrer, code = service.new_referrer()
    console.open("accounts")
    console.page.get_by_label("User id").fill(referrer)
    console.page.get_by_role("button", name="Show").click()
    console.said(f"{code} is in use.")
    for act, note in (("Disable", "many of one address"), ("Enable", "a school class")):
        console.page.get_by_role("button", name=f"{act} the code").click()
        dialog = console.page.get_by_role("dialog")
        dialog.get_by_label("Note").fill(note)
        dialog.get_by_role("button", name=act).click()
        dialog.wait_for(state="detached")
        console.said(f"{act.lower()}d by admin-user: {note}")
        told = service.admin("GET", f"/admin/accounts/{referrer}").good["code"]
        assert told["disabled"] is (act == "Disable")
        assert told["decisions"][0]["why"] == note
    console.said(f"{code} is in use.")


def test_a_user_is_erased_only_by_typing_who(service, console):
    referrer, code = service.new_referrer()
    console.open(f"accounts/{referrer}")
    console.page.get_by_role("button", name="Erase this user").click()
    dialog = console.page.get_by_role("dialog")
    field, button = dialog.get_by_role("textbox"), dialog.get_by_role("button", name="Erase")
    field.fill(referrer[:-1])
    expect(button).to_be_disabled()
    field.fill(referrer)
    button.click()
    console.said("Erased: what stays is booked on")
    console.said("They never asked for one.")
    assert service.admin("POST", f"/admin/codes/{code}/enable", {}).status == 409
