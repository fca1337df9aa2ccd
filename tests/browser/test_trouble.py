"""A minute that is used up and a service that dies, in a real browser: told, and nothing lost."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from referrals.edge import clock
from tests.browser.here import HERE
from tests.functions.client import invoke
from tests.samples import NOW

SCREENS = ("overview", "review", "referrals", "referrals/attr_1", "accounts/jo", "health")


@pytest.fixture
def time_is():
    """What time it is before the service."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda now: patch.setattr(clock, "now", lambda: now)


@pytest.fixture
def held(quiet):
    """The referral that waits for review, as the table has it."""
    identity = quiet.service.in_review("user-held")["attribution"]["id"]
    return lambda: quiet.service.story_of("user-held") | {"id": identity}


def use_up(console, key):
    """Of the minute nothing is left."""
    while console.service.admin("list_referrals", "GET", "/admin/referrals", key=key).status == 200:
        pass


def test_a_minute_that_is_used_up_is_told_with_its_end_and_the_note_is_sent_after_it(
    quiet, time_is, held
):
    key = invoke("create_api_key", {"user_id": "jo", "role": "admin"})["api_key"]
    time_is(NOW + timedelta(seconds=58))
    quiet.open("review", key)
    quiet.said("1 waiting")
    quiet.said("throw-away")
    use_up(quiet, key)
    quiet.page.keyboard.press("a")
    quiet.page.get_by_label("Note").fill("a long note")
    quiet.page.keyboard.press("Enter")
    quiet.said("Too much at once: rate limit of 5 a minute exceeded.")
    quiet.said("It can be tried again when the time is up.")
    again = quiet.page.get_by_role("dialog").get_by_role("button", name="Try again")
    expect(again).to_be_disabled()
    assert held()["attribution"]["status"] == "review_required"
    time_is(NOW + timedelta(seconds=60))
    expect(again).to_be_enabled()
    assert quiet.page.get_by_label("Note").input_value() == "a long note"
    again.click()
    quiet.said("Nothing waits")
    assert held()["audit"][-1]["why"] == "a long note"


def test_whose_minute_is_used_up_reads_so_on_every_screen_and_what_they_typed_stays(quiet, time_is):
    key = invoke("create_api_key", {"user_id": "jo", "role": "admin"})["api_key"]
    time_is(NOW + timedelta(seconds=1))
    quiet.open("accounts", key)
    quiet.settled()
    use_up(quiet, key)
    for screen in SCREENS:
        quiet.go(screen)
        quiet.settled()
        expect(quiet.page.get_by_role("alert").first).to_contain_text("Too much at once")
        expect(quiet.page.get_by_role("button", name="Try again").first).to_contain_text("in 5")
    quiet.go("referrals")
    quiet.page.get_by_label("Search").fill("in_1")
    quiet.page.get_by_role("button", name="Show").click()
    quiet.said("Too much at once")
    expect(quiet.page.get_by_label("Search")).to_have_value("in_1")


class Dead:
    """A service that takes connections and answers nobody; what came last it may have done."""

    def __init__(self, alive, *, after):
        self._alive, self._left = alive, after

    def __call__(self, asked):
        if self._left:
            self._left -= 1
            self._alive(asked)
        raise ConnectionAbortedError


@pytest.fixture
def service_dies(hosts):
    """Let it die, at once or after it has worked on so many requests; and live again."""

    def die(*, after=0):
        living = hosts.hosts[HERE]
        hosts.hosts[HERE] = Dead(living, after=after)
        return lambda: hosts.hosts.update({HERE: living})

    return die


def test_a_service_that_died_is_told_of_on_every_screen_and_asked_again(quiet, service_dies):
    quiet.open("accounts")
    quiet.settled()
    for screen in SCREENS:
        # The screen's own files are there already, as for whoever has been there.
        quiet.go(screen)
        quiet.settled()
    live = service_dies()
    for screen in SCREENS:
        quiet.go(screen)
        expect(quiet.page.get_by_role("alert").first).to_contain_text("did not answer")
    live()
    quiet.page.get_by_role("button", name="Try again").click()
    quiet.said("None has finished yet.")
    assert quiet.page.get_by_role("alert").count() == 0


@pytest.mark.parametrize("after", [0, 1], ids=["before it decided", "before it answered"])
def test_a_service_that_dies_in_the_middle_of_a_decision_decides_once(
    quiet, service_dies, held, after
):
    quiet.open("review")
    quiet.said("throw-away")
    live = service_dies(after=after)
    quiet.page.keyboard.press("r")
    quiet.page.get_by_label("Note").fill("a long note")
    quiet.page.keyboard.press("Enter")
    quiet.said("The service did not answer.")
    assert quiet.page.get_by_label("Note").input_value() == "a long note"
    live()
    assert held()["attribution"]["status"] == ("rejected" if after else "review_required")
    quiet.page.get_by_role("button", name="Try again", exact=True).click()
    quiet.said("Nothing waits")
    assert [one["why"] for one in held()["audit"]].count("a long note") == 1


def test_a_filter_that_is_typed_while_the_service_is_dead_stays(quiet, service_dies, held):
    quiet.open("referrals")
    quiet.settled()
    live = service_dies()
    quiet.page.get_by_label("Search").fill(held()["id"])
    quiet.page.get_by_role("button", name="Show").click()
    quiet.said("The service did not answer.")
    live()
    expect(quiet.page.get_by_label("Search")).to_have_value(held()["id"])
    quiet.page.get_by_role("button", name="Try again", exact=True).click()
    expect(quiet.page.get_by_role("link", name=held()["id"])).to_be_visible()
