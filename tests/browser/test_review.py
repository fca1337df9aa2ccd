"""The review queue in a real browser: decided by keyboard, explained, and nothing lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.console import Console, held, many_held, status


def decide(console, letter, note=""):
    """By keyboard alone."""
    keyboard = console.page.keyboard
    keyboard.press(letter)
    console.page.get_by_role("dialog").wait_for()
    if note:
        keyboard.type(note)
    keyboard.press("Enter")
    console.page.get_by_role("dialog").wait_for(state="detached")


def test_an_empty_queue_says_so(emptied, console):
    console.open("review")
    console.said("Nothing waits for review.")


def test_held_referrals_are_decided_by_keyboard_alone(service, console, emptied):
    many_held(service, 50)
    query = {"status": "review_required", "order": "oldest", "limit": "100"}
    items = service.admin("GET", "/admin/referrals", query=query).good["items"]
    waiting = [one["attribution"]["id"] for one in items]
    console.open("review")
    console.said("50 waiting")
    for number, _ in enumerate(waiting):
        decide(console, "a" if number % 2 else "r", "" if number % 11 else f"case {number}")
        console.said(f"{49 - number} waiting" if number < 49 else "Nothing waits")
    items = service.admin("GET", "/admin/referrals", query={"limit": "100"}).good["items"]
    became = {one["attribution"]["id"]: one["attribution"]["status"] for one in items}
    assert [became[one] for one in waiting] == ["rejected", "rewarded"] * 25
    told = service.admin("GET", f"/admin/referrals/{waiting[33]}").good["audit"][-1]
    assert (told["by"], told["why"]) == ("admin-user", "case 33")


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
    # Who has not seen the key before looks it up; who has may know it for a minute yet.
    service.invoke("revoke_api_key", {"user_id": "jo", "id": made["id"]})
    console.page.keyboard.press("Enter")
    console.said("You are not known any more.")
    again = console.page.get_by_role("dialog", name="Sign in again")
    again.get_by_label("Admin API key").fill(service.admin_key)
    again.get_by_role("button", name="Sign in with the key").click()
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
    "no admin": (403, "You may not do that."),
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
