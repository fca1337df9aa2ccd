"""<referral-card> in a real browser: in every state, to be copied, shared, scanned and heard."""

from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from local import demo
from referrals.rules.attribution import Role, Status
from tests.browser.audit import read_code, violations
from tests.browser.hosts import STRICT, html, page
from tests.browser.product import CARD, LINKS, PAGES, from_readme

DEMO = f"https://{LINKS}{demo.PATH}"
CREDITS = "10,000 credits"
SEEN_BY = {
    "attributed-referrer": "Signed up. Your credits come with their first payment, until {until}.",
    "attributed-referred": "Your credits come with your first payment, until {until}.",
    "review_required-referrer": "Being checked. You need not do anything.",
    "review_required-referred": "Being checked. You need not do anything.",
    "qualified-referrer": f"{CREDITS} come on {{pays}}.",
    "qualified-referred": f"{CREDITS} come on {{pays}}.",
    "rewarded-referrer": f"{CREDITS} received.",
    "rewarded-referred": f"{CREDITS} received.",
    "capped-referrer": "No credits: 10 friends were rewarded that month, which is the most.",
    "capped-referred": f"{CREDITS} received.",
    "expired-referrer": "No credits: the time for a first payment ended on {until}.",
    "expired-referred": "No credits: the time for a first payment ended on {until}.",
    "rejected-referrer": "No credits for this one.",
    "rejected-referred": "No credits for this one.",
    "failed-referrer": f"{CREDITS} are on their way.",
    "failed-referred": f"{CREDITS} are on their way.",
}


@pytest.fixture(scope="module")
def every_state(service, chromium):
    """The page with a card in every state, loaded once."""
    with chromium.new_context(locale="en-GB", timezone_id="UTC") as context:
        opened = context.new_page()
        opened.goto(DEMO)
        opened.wait_for_load_state("networkidle")
        yield opened


def card(opened, state):
    return opened.locator(f"referral-card[api='demo/{state}/']")


def text(opened, state):
    return card(opened, state).locator("[part=card]").inner_text()


def day(time):
    at = datetime.fromisoformat(time)
    return f"{at.day} {at:%B %Y}"


def test_every_state_has_its_card_on_either_side():
    assert set(SEEN_BY) == {f"{status}-{role}" for status in Status for role in Role}


@pytest.mark.parametrize("state", SEEN_BY)
def test_a_referral_says_why_and_when(service, every_state, state):
    url = f"{DEMO}/{state}/api/v1/referrals/me"
    (item,) = every_state.evaluate(
        "async (url) => (await (await fetch(url)).json()).data.items", url
    )
    pays = day(item["pays_at"]) if "pays_at" in item else None
    seen = card(every_state, state).get_by_role("listitem")
    assert seen.get_by_role("paragraph").text_content() == SEEN_BY[state].format(
        pays=pays, until=day(item["expires_at"])
    )
    when = item.get("rewarded_at") or item.get("qualified_at") or item["created_at"]
    assert seen.get_by_role("time").text_content() == day(when)
    assert seen.get_by_role("time").get_attribute("datetime") == when
    for shaming in ("reject", "refund", "disput", "fraud"):
        assert shaming not in text(every_state, state).lower()


def test_the_figures_are_who_came_and_what_was_earned(every_state):
    def figures(state):
        return card(every_state, state).get_by_role("definition").all_text_contents()

    assert figures("rewarded-referrer") == ["1", "10,000"]
    assert figures("attributed-referrer") == ["1", "0"]
    assert figures("nobody_yet") == ["0", "0"]


def test_who_has_referred_nobody_is_told_what_to_do(every_state):
    assert "Nobody yet. Send your link" in text(every_state, "nobody_yet")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("session_over", "Your session is over. Sign in again to see your link."),
        ("failing", "could not be loaded. Check your connection, then try again."),
    ],
)
def test_an_error_says_what_to_do(every_state, state, told):
    assert told in card(every_state, state).get_by_role("alert").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_with_any_state(service, chromium, scheme):
    with chromium.new_context(color_scheme=scheme) as context:
        opened = context.new_page()
        opened.goto(DEMO)
        opened.wait_for_load_state("networkidle")
        back = opened.evaluate(
            "getComputedStyle(document.querySelector('referral-card').shadowRoot"
            ".querySelector('[part=card]')).backgroundColor"
        )
        assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 25, 31)"}[scheme]
        assert violations(opened) == []


def test_nothing_that_a_strict_policy_forbids_is_tried(service, visitor):
    complaints = []
    visitor.on("console", lambda one: complaints.append(one.text))
    assert visitor.goto(DEMO).headers["content-security-policy"] == STRICT
    visitor.wait_for_load_state("networkidle")
    refusals = [one for one in complaints if "status of" not in one]
    assert refusals == []


def test_after_a_failure_the_button_asks_again(service, visitor):
    visitor.goto(DEMO)
    failing = card(visitor, "failing")
    again = f"{DEMO}/rewarded-referrer/api/v1/referrals/me"
    visitor.route("**/failing/**", lambda route: route.continue_(url=again))
    failing.get_by_role("button", name="Try again").click()
    failing.get_by_role("listitem").wait_for()


def test_the_link_is_copied_and_the_user_hears_of_it(service, browsing):
    context = browsing(permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.goto(DEMO)
    one = card(opened, "rewarded-referrer")
    assert one.get_by_role("textbox", name="Your link").input_value() == demo.LINK
    one.get_by_role("button", name="Copy").click()
    one.get_by_role("status").filter(has_text="The link is copied.").wait_for()
    assert opened.evaluate("navigator.clipboard.readText()") == demo.LINK


def test_where_copying_is_not_allowed_the_link_is_selected(service, visitor):
    visitor.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error())")
    visitor.goto(DEMO)
    one = card(visitor, "rewarded-referrer")
    one.get_by_role("button", name="Copy").click()
    one.get_by_role("status").filter(has_text="press Ctrl or Cmd and C").wait_for()
    link = one.get_by_role("textbox", name="Your link")
    assert link.evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)") == demo.LINK


def test_mail_x_and_whatsapp_bring_the_link_along(every_state):
    links = {
        link.text_content(): urlsplit(link.get_attribute("href"))
        for link in card(every_state, "rewarded-referrer").get_by_role("link").all()
    }
    assert set(links) == {"E-mail", "X", "WhatsApp"}
    assert links["E-mail"].scheme == "mailto"
    assert parse_qs(links["E-mail"].query)["body"][0].endswith(f" {demo.LINK}")
    assert links["X"].netloc == "x.com"
    assert parse_qs(links["X"].query)["url"] == [demo.LINK]
    assert links["WhatsApp"].netloc == "wa.me"
    assert unquote(links["WhatsApp"].query).endswith(f" {demo.LINK}")


def test_where_the_system_can_share_it_does(service, visitor):
    visitor.add_init_script("navigator.share = async (one) => { window.shared = one }")
    visitor.goto(DEMO)
    one = card(visitor, "rewarded-referrer")
    one.get_by_role("button", name="Share").click()
    assert visitor.evaluate("shared.url") == demo.LINK
    assert one.get_by_role("link").count() == 0


def test_a_camera_reads_the_link(every_state, visitor):
    picture = card(every_state, "rewarded-referrer").get_by_role("img")
    assert picture.get_attribute("aria-label") == "QR code of your link"
    assert read_code(picture, visitor) == demo.LINK


def test_the_keyboard_reaches_everything_in_order(service, visitor):
    visitor.goto(DEMO)
    visitor.wait_for_load_state("networkidle")
    reached = []
    for _ in range(5):
        visitor.keyboard.press("Tab")
        reached.append(
            visitor.evaluate(
                "(({ tagName, textContent }) => textContent || tagName)"
                "(document.activeElement.shadowRoot.activeElement)"
            )
        )
    assert reached == ["INPUT", "Copy", "E-mail", "X", "WhatsApp"]


def test_it_speaks_german_too_and_whatever_a_page_adds(service, visitor):
    visitor.goto(DEMO)
    visitor.wait_for_load_state("networkidle")
    one = card(visitor, "qualified-referrer")
    one.evaluate("it => { it.lang = 'de-DE' }")
    one.get_by_text("10.000 Credits kommen am").wait_for()
    keys = visitor.evaluate(
        """async () => {
          const { texts } = await import("/referral-card.js");
          texts.fr = { ...texts.en, heading: "Invitez" };
          const keys = (all) => Object.entries(all).map(
            ([name, one]) => typeof one === "string" ? name : [name, keys(one)]);
          return [keys(texts.en), keys(texts.de)].map((one) => JSON.stringify(one));
        }"""
    )
    assert keys[0] == keys[1]
    one.evaluate("it => { it.lang = 'fr' }")
    one.get_by_role("heading", name="Invitez").wait_for()


def test_a_product_gives_it_its_own_look(service, visitor):
    visitor.goto(DEMO)
    visitor.wait_for_load_state("networkidle")
    one = card(visitor, "rewarded-referrer")
    one.evaluate(
        """it => {
          const look = new CSSStyleSheet();
          look.replaceSync(`
            referral-card { --referral-card-accent: rgb(1, 2, 3) }
            referral-card::part(heading) { letter-spacing: 7px }`);
          document.adoptedStyleSheets = [look];
        }"""
    )

    def style(locator, name):
        return locator.evaluate(f"it => getComputedStyle(it).{name}")

    assert style(one.get_by_role("button", name="Copy"), "backgroundColor") == "rgb(1, 2, 3)"
    assert style(one.get_by_role("heading", level=2), "letterSpacing") == "7px"


ELSEWHERE = f"{STRICT}; script-src 'self' https://{LINKS}; connect-src 'self' https://{LINKS}"
# The property comes before the attribute.
SET_TOKEN = """
document.querySelector("referral-card").token = async () => (await fetch("/token")).text();
"""


def test_on_the_products_page_it_shows_the_users_own_referrals(service, product, hosts, visitor):
    referrer, code = service.new_referrer()
    service.referred(code)
    pasted = from_readme(CARD).replace("the user's JWT", "over already")
    shown = html(pasted, '<script src="/token.js" defer></script>')
    told = {
        "/account": page(shown, policy=ELSEWHERE),
        "/token.js": page(SET_TOKEN, type="text/javascript"),
        "/token": page(service.token(referrer), type="text/plain"),
    }
    before = hosts.hosts[PAGES]
    hosts.hosts[PAGES] = lambda asked: told.get(asked.path) or before(asked)
    try:
        visitor.goto(f"https://{PAGES}/account")
        one = visitor.locator("referral-card")
        assert (
            one.get_by_role("textbox", name="Your link").input_value()
            == f"https://{LINKS}/r/{code}"
        )
        assert one.get_by_role("listitem").count() == 1
        assert one.get_by_role("definition").all_text_contents() == ["1", "0"]
    finally:
        hosts.hosts[PAGES] = before
