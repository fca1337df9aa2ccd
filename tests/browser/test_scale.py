"""An empty programme, one referral, a hundred thousand: each screen tells of them, and as soon."""

from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import expect

from tests.bench.history import NOW, kept, user_of
from tests.browser.console import Console
from tests.browser.here import HERE, served_here
from tests.functions.running import REFERRER
from tests.tables import direct_table

MANY = 100_000
LOADS, MOST_LOADS = 4, 25
# Of what an empty programme takes, at most so much.
SLOWEST = 1.5


@contextmanager
def empty(hosts, host=HERE):
    with served_here(direct_table(), hosts, NOW, host) as programme:
        yield programme, REFERRER


@contextmanager
def one_referral(hosts, host=HERE):
    with served_here(direct_table(), hosts, NOW, host) as programme:
        programme.in_review("user-new")
        yield programme, "user-new"


@contextmanager
def many(hosts, host=HERE):
    store = kept(MANY)
    try:
        with served_here(store.begun(), hosts, NOW, host) as programme:
            yield programme, user_of(0)
    finally:
        store.close()


# What each screen says of an empty programme, of one referral, and of many.
SCREENS = {
    "overview?from=2026-11-01&to=2026-11-20": ["No campaign brought", "wait for review", "spring"],
    "review": ["Nothing waits for review.", "1 waiting", "100 and more waiting"],
    "referrals": ["None that fits.", "waiting for review", "Next page"],
    "accounts/<user>": ["Nothing was booked.", "They never asked", "Referrals on either side"],
    "health": ["None has finished yet."] * 3,
}


@pytest.fixture
def opened(hosts, browsing):
    """A console of a programme, at no screen in particular, and a user of it."""

    @contextmanager
    def at(programme, host=HERE):
        with programme(hosts.hosts, host) as (running, user):
            console = Console(browsing().new_page(), running, host).open("accounts")
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


class Answered:
    """A service that answers at once what it was asked before: what is left is the page's time.

    How long that takes is not this machine's to say: it is as many round trips of any table.
    """

    def __init__(self, answers):
        self._answers, self._known = answers, {}

    def __call__(self, asked):
        if "/api/" not in asked.path:
            return self._answers(asked)
        if asked.path not in self._known:
            self._known[asked.path] = self._answers(asked)
        return self._known[asked.path]


# Since the page was asked for, in milliseconds: when anything was first to be seen, and the words.
PAINTED = """words => {
  const [first] = performance.getEntriesByName("first-contentful-paint");
  if (!first || !document.querySelector("main")?.textContent.includes(words)) return null;
  return {anything: first.startTime, words: performance.now()};
}"""


def painted(console, place, words):
    console.page.goto("about:blank")
    console.go(place)
    return console.page.wait_for_function(PAINTED, arg=words).json_value()


def as_soon(few, many):
    """Whether many are painted nearly as soon as few, by the fastest of each."""
    return all(
        min(one[what] for one in many) < SLOWEST * min(one[what] for one in few)
        for what in ("anything", "words")
    )


def test_a_hundred_thousand_are_painted_nearly_as_soon_as_none(opened, hosts):
    with ExitStack() as at_once:
        programmes = {"none.shop.test": empty, "many.shop.test": many}
        few, lots = (
            at_once.enter_context(opened(programme, host)) for host, programme in programmes.items()
        )
        for host in programmes:
            hosts.hosts[host] = Answered(hosts.hosts[host])
        for screen, words in SCREENS.items():
            took = [], []
            # In turns, and again while in doubt: what else the machine does only ever adds.
            while len(took[0]) < LOADS or not as_soon(*took):
                for (console, user), said, times in zip((few, lots), words[::2], took, strict=True):
                    times.append(painted(console, screen.replace("<user>", user), said))
                assert len(took[0]) < MOST_LOADS, f"{screen}: {took}"
