"""An empty programme, one referral, a hundred thousand: each screen tells what there is."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.bench.history import NOW, kept, user_of
from tests.browser.console import Console
from tests.browser.here import HERE, served_here
from tests.functions.running import REFERRER
from tests.tables import direct_table

MANY = 100_000


@contextmanager
def empty(hosts):
    with served_here(direct_table(), hosts, NOW) as programme:
        yield programme, REFERRER


@contextmanager
def one_referral(hosts):
    with served_here(direct_table(), hosts, NOW) as programme:
        programme.in_review("user-new")
        yield programme, "user-new"


@contextmanager
def many(hosts):
    store = kept(MANY)
    try:
        with served_here(store.begun(), hosts, NOW) as programme:
            yield programme, user_of(0)
    finally:
        store.close()


# What each screen says of an empty programme, of one referral, and of many.
SCREENS = {
    "overview?from=2026-11-01&to=2026-11-20": ["No campaign brought", "wait for review", "spring"],
    "review": ["Nothing waits for review.", "1 waiting", "100 and more waiting"],
    "referrals": ["None that fits.", "waiting for review", "Next page"],
    "accounts/<user>": ["Nothing was booked.", "They never asked", "Referrals on either side"],
}


@pytest.fixture
def opened(hosts, browsing):
    """A console of a programme, at a screen."""

    @contextmanager
    def at(programme):
        with programme(hosts.hosts) as (running, user):
            console = Console(browsing().new_page(), running, HERE).open("accounts")
            console.settled()
            yield console, user
            # Nothing is asked any more when there is nobody left to answer.
            console.page.close()
            assert console.foreign == []
            assert console.faults == []

    return at


@pytest.mark.parametrize("size", [0, 1, 2], ids=["empty", "one referral", "a hundred thousand"])
def test_every_screen_is_usable(opened, size):
    with opened([empty, one_referral, many][size]) as (console, user):
        for screen, words in SCREENS.items():
            console.go(screen.replace("<user>", user))
            expect(console.page.get_by_text(words[size]).filter(visible=True).first).to_be_visible()
            console.settled()
            assert console.page.get_by_role("alert").count() == 0, screen
