"""Staff sign in with the company's own provider, in a browser: code flow, PKCE, no trace left."""

import pytest
from playwright.sync_api import expect

from tests.browser.console import URL
from tests.browser.product import LINKS
from tests.browser.provider import ISSUER, LOGIN, Provider

BUTTON = f"Sign in with {LOGIN}"


@pytest.fixture
def provider(service, hosts):
    made = Provider(service)
    hosts.hosts[LOGIN] = made
    # An account starts on the free plan, which is five requests a minute.
    service.admin("POST", f"/admin/accounts/{made.user}/plan", {"plan": "enterprise"})
    return made


@pytest.fixture
def staff(console):
    """A console whose one stranger is the provider."""
    yield console
    assert all(url.startswith(f"{ISSUER}/") for url in console.foreign)
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
