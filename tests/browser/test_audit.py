"""Every screen and dialog of the console before axe: light and dark, wide and on a phone."""

import re

from playwright.sync_api import expect

from functions.serve_console.handler import FOLDER
from tests.browser.audit import violations
from tests.browser.busy import SCREENS, place

LOOKS = [(width, scheme) for width in (1280, 360) for scheme in ("light", "dark")]
# On which screen, which buttons open a dialog, and what is done there until it is all to be seen.
DIALOGS = {
    "review": ["Approve…", "Keys ?"],
    "referrals/<user-held>": ["Reject…"],
    "accounts/user-referrer": ["Change the plan…", "Disable the code…", "Erase this user…"],
}


def looked_at(console, where):
    """What is wrong with what is before us, whoever looks."""
    page, found = console.page, []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        # What fades from one look to the other is neither.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{where}, {width}, {scheme}: {one}" for one in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{where}: wider than {width}")
    return found


def test_no_screen_is_left_out():
    """Each module that a screen is loaded from, with and without an id."""
    named = set(re.findall(r'"?([\w/]+)"?: async', (FOLDER / "screens.js").read_text()))
    audited = {re.sub("/.*", "/", screen) for screen in SCREENS}
    assert named == audited


def test_every_screen_is_accessible_and_fits(busy):
    places = {screen: place(busy.service, screen) for screen in SCREENS}
    busy.open("accounts")
    for screen, where in places.items():
        busy.go(where)
        busy.settled()
        for closed in busy.page.locator("details:not([open]) summary").all():
            closed.click()
        if screen == "overview":
            expect(busy.page.locator(".plot canvas")).to_have_count(2)
        assert looked_at(busy, screen) == []


def test_every_dialog_is_accessible_and_fits(busy):
    places = {screen: place(busy.service, screen) for screen in DIALOGS}
    dialog = busy.page.get_by_role("dialog")
    busy.open("accounts")
    for screen, where in places.items():
        busy.go(where)
        busy.settled()
        for button in DIALOGS[screen]:
            busy.page.get_by_role("button", name=button).first.click()
            dialog.wait_for()
            assert looked_at(busy, f"{screen}, {button}") == []
            busy.page.keyboard.press("Escape")
            dialog.wait_for(state="detached")


def test_who_is_not_let_in_and_what_is_not_there_are_accessible(busy):
    busy.go("nowhere")
    busy.page.get_by_role("dialog").wait_for()
    assert looked_at(busy, "sign in") == []
    busy.sign_in("rfk_wrong")
    busy.said("nobody is known by it")
    assert looked_at(busy, "refused") == []
    busy.sign_in(busy.service.admin_key)
    busy.said("No such page")
    assert looked_at(busy, "nowhere") == []
    busy.go("referrals/attr_unknown")
    busy.said("There is no such thing.")
    assert looked_at(busy, "a problem") == []
