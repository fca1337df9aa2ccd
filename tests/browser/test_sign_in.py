"""Staff sign in with the company's own provider, in a browser: code flow, PKCE, no trace left."""

import pytest
from playwright.sync_api import expect

from tests.browser.console import URL
from tests.browser.product import LINKS
from tests.browser.provider import ISSUER, LOGIN, TOKEN_URL, TOKENS, Provider

BUTTON = f"Sign in with {LOGIN}"
ELSEWHERE = "elsewhere.shop.test"


@pytest.fixture
def provider(service, hosts):
    made = Provider(service)
    hosts.hosts[LOGIN] = hosts.hosts[TOKENS] = hosts.hosts[ELSEWHERE] = made
    return made


@pytest.fixture
def staff(console):
    """A console whose one stranger is the provider, at the addresses that the operator named."""
    yield console
    assert all(url.startswith((f"{ISSUER}/", TOKEN_URL)) for url in console.foreign)
    console.asked.clear()


def go_through(console):
    with console.page.expect_popup() as opened:
        console.page.get_by_role("button", name=BUTTON).click()
    opened.value.get_by_role("link", name="Yes, it is me").click()
    return opened.value


def test_staff_come_in_with_their_provider_and_are_who_it_says(service, staff, provider):
    staff.page.goto(f"{URL}#/accounts")
    go_through(staff)
    staff.page.get_by_role("dialog").wait_for(state="detached")
    staff.page.get_by_label("User id").wait_for()
    assert staff.page.url == f"{URL}#/accounts"
    referrer, _ = service.new_referrer()
    staff.go(f"accounts/{referrer}")
    staff.page.get_by_role("button", name="Disable the code").click()
    staff.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    staff.said("disabled by jane")
    assert staff.page.evaluate("localStorage.length") == 0
    assert list(staff.page.evaluate("({...sessionStorage})")) == ["credentials"]


def test_tokens_come_from_another_host_where_the_operator_has_named_it(staff, provider):
    provider.token_url = TOKEN_URL
    staff.page.goto(f"{URL}#/accounts")
    go_through(staff)
    staff.page.get_by_role("dialog").wait_for(state="detached")
    assert TOKEN_URL in staff.asked


def test_nothing_is_asked_of_a_host_that_nobody_has_named(staff, provider):
    provider.token_url = f"https://{ELSEWHERE}/token"
    staff.page.goto(URL)
    go_through(staff)
    staff.said(f"{ELSEWHERE} did not answer, or this page may not ask it (ConsoleTokenUrl).")
    assert provider.asked, "the code was given out for a token"
    # The browser says of each what its policy has kept it from.
    assert all(ELSEWHERE in fault for fault in staff.faults)
    staff.faults.clear()
    staff.asked.clear()


def test_no_code_token_or_verifier_stays_in_an_address(staff, provider):
    staff.page.goto(URL)
    beside = go_through(staff)
    if not beside.is_closed():
        beside.wait_for_event("close")
    staff.page.get_by_role("dialog").wait_for(state="detached")
    told = staff.page.evaluate("JSON.parse(sessionStorage.credentials).authorization")
    token = told.removeprefix("Bearer ")
    assert not any(token in url for url in staff.asked)
    assert not any(
        "code" in url for url in staff.asked if url.startswith(f"https://{LINKS}/console?")
    )


def test_who_is_no_admin_is_told_so(service, staff, provider):
    provider.role = None
    staff.page.goto(URL)
    go_through(staff)
    staff.said("You may not do that.")
    expect(staff.page.get_by_role("button", name=BUTTON)).to_be_visible()


@pytest.mark.parametrize(
    "twist", [{"nonce": "another"}, {"iss": "https://evil.test"}, {"aud": "another"}], ids=str
)
def test_an_answer_to_another_question_is_refused(staff, provider, twist):
    provider.twisted = twist
    staff.page.goto(URL)
    go_through(staff)
    staff.said("is not the one to our question")
    assert staff.page.evaluate("sessionStorage.length") == 0


def test_a_provider_that_refuses_is_heard(staff, provider):
    provider.refuses = True
    staff.page.goto(URL)
    go_through(staff)
    staff.said("access_denied")


def test_a_code_that_somebody_else_sends_is_nothing(staff, provider):
    """The answer of another question, led into this browser, signs nobody in."""
    staff.page.goto(URL)
    with staff.page.expect_popup() as opened:
        staff.page.get_by_role("button", name=BUTTON).click()
    opened.value.get_by_role("link").wait_for()
    other = staff.page.context.new_page()
    other.goto(f"{URL}?code=stolen&state=another")
    other.get_by_text("You may close this window.").wait_for()
    assert other.url == URL
    assert staff.page.evaluate("sessionStorage.length") == 0
    opened.value.get_by_role("link").click()
    staff.page.get_by_role("dialog").wait_for(state="detached")


def test_who_signs_in_again_finds_the_note_where_it_was(service, staff, provider):
    referrer, _ = service.new_referrer()
    staff.page.goto(f"{URL}#/accounts/{referrer}")
    go_through(staff)
    staff.page.get_by_role("button", name="Disable the code").click()
    staff.page.get_by_label("Note").fill("a long note")
    refused = '{"code": 401, "msg": "the token has expired", "data": {}}'
    staff.page.route("**/disable", lambda route: route.fulfill(status=401, body=refused))
    staff.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    staff.said("You are not known any more.")
    staff.page.unroute("**/disable")
    go_through(staff)
    staff.page.get_by_role("dialog", name="Sign in again").wait_for(state="detached")
    staff.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    staff.said("disabled by jane: a long note")
