"""The console in a real browser, whatever its screen: who gets in, what loads, how it looks."""

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


FROM_ITS_CACHE = """url => fetch(url, {cache: "only-if-cached", mode: "same-origin"})
    .then(answer => answer.status, () => "nothing")"""


def test_of_what_the_api_told_the_browser_keeps_nothing(quiet):
    quiet.open("health")
    quiet.said("None has finished yet.")
    (told,) = {url for url in quiet.asked if url.endswith("/admin/health")}
    (file,) = {url for url in quiet.asked if url.endswith("/app.js")}
    assert quiet.page.evaluate(FROM_ITS_CACHE, file) == 200
    assert quiet.page.evaluate(FROM_ITS_CACHE, told) in (504, "nothing")
