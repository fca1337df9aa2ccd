"""What strangers wrote, in a real browser: text on every screen, whichever field holds it."""

import json
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.busy import SCREENS, place
from tests.browser.here import HERE

HOSTILE = "\"'><img/src=x onerror=alert(1)><svg/onload=alert(2)>javascript:alert(3)"
# What the page goes by is the service's own word; a time is one, or is refused.
STEERS = {"status", "to_status", "from_status", "kind", "role", "rule", "code", "next_cursor"}
TIME = re.compile(r"\d{4}-\d\d-\d\d")
# Links lead to screens of the page; what runs, and pictures, are the page's own.
FOREIGN = """() => [...document.querySelectorAll("img, iframe, object, form[action], main script")]
    .concat([...document.querySelectorAll("a:not([href^='#/'])")])
    .concat([...document.querySelectorAll("*")].filter(one =>
        one.getAttributeNames().some(name => name.startsWith("on"))))
    .map(one => one.outerHTML)"""


def spoilt(told, name=""):
    """The same with something hostile in every text that a stranger might have written."""
    if isinstance(told, dict):
        return {name: spoilt(value, name) for name, value in told.items()}
    if isinstance(told, list):
        return [spoilt(value, name) for value in told]
    kept = not isinstance(told, str) or name in STEERS or TIME.match(told)
    return told if kept else f"{told}{HOSTILE}"


def spoiling(answers):
    """A host whose API was written to by nobody but strangers."""

    def answer(asked):
        told = answers(asked)
        if dict(told.headers).get("Content-Type") != "application/json":
            return told
        return replace(told, body=json.dumps(spoilt(json.loads(told.body))).encode())

    return answer


@pytest.fixture
def hostile(busy, hosts):
    """A console before which everybody is hostile, and nothing of theirs may run."""
    opened = []
    busy.page.on("dialog", lambda one: (opened.append(one.message), one.dismiss()))
    hosts.hosts[HERE] = spoiling(hosts.hosts[HERE])
    yield busy
    assert busy.page.evaluate(FOREIGN) == []
    assert opened == []


def shown(console):
    """How often the hostile text is on the screen, as text."""
    return console.page.locator("body").inner_text().count(HOSTILE)


def test_every_field_of_every_answer_is_text_on_every_screen(hostile):
    hostile.open("accounts")
    places = [place(hostile.service, screen) for screen in SCREENS if screen != "accounts"]
    for where in places:
        hostile.go(where)
        hostile.settled()
        for closed in hostile.page.locator("details:not([open]) summary").all():
            closed.click()
        assert shown(hostile), where
        assert hostile.page.evaluate(FOREIGN) == [], where


# Somebody sends staff a link to the console, made to do what they may not.
ADDRESSES = [
    "<>",
    "overview?campaign=<>&from=<>&to=<>&grain=<>",
    "review?<>=<>",
    "referrals?q=<>&user_id=<>&campaign=<>&status=<>&cursor=<>&order=<>",
    "referrals/<>",
    "accounts/<>",
    "accounts/<>?cursor=<>",
    "health/<>",
]


def test_what_an_address_carries_is_text(busy):
    opened = []
    busy.page.on("dialog", lambda one: (opened.append(one.message), one.dismiss()))
    busy.open("accounts")
    busy.settled()
    for where in ADDRESSES:
        busy.go(where.replace("<>", quote(HOSTILE, safe="")))
        busy.settled()
        assert busy.page.evaluate(FOREIGN) == [], where
    assert opened == []


def test_what_a_refusal_or_an_outcome_says_is_text(hostile):
    hostile.open("review")
    hostile.page.get_by_role("button", name="Approve…").first.click()
    hostile.page.get_by_label("Note").fill(HOSTILE)
    hostile.page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    hostile.page.get_by_role("dialog").wait_for(state="detached")
    hostile.go("referrals?q=" + "x" * 300)
    expect(hostile.page.get_by_role("alert")).to_contain_text(HOSTILE)


def test_what_the_api_lets_in_is_shown_as_it_came(quiet):
    """Of ids only what may stand in a path gets in; a visit and a note may say anything."""
    hostile = "<img/src=x onerror=alert(1)>"
    fields = ("landing_path", "utm_campaign", "utm_medium", "utm_source")
    click = quiet.service.click(**dict.fromkeys(fields, f"/{hostile}")).good["click_id"]
    identity = quiet.service.in_review("user-held", click_id=click)["attribution"]["id"]
    assert quiet.service.review("reject", identity, body={"reason": hostile}).good
    quiet.open(f"referrals/{identity}")
    quiet.said(f"({hostile})")
    shown = quiet.page.locator("main").inner_text()
    assert shown.count(f"/{hostile}") == len(fields)
    assert quiet.page.evaluate(FOREIGN) == []
