"""A real browser before the local stack, one of each for all tests; host names come over TLS.

A test asks for `visitor` (or `browsing`, for more than one), and finds the service at LINKS.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from local.stack import Stack, free_port
from tests.browser.busy import be_busy
from tests.browser.console import Console
from tests.browser.here import HERE, served_here
from tests.browser.hosts import Hosts, passed_on
from tests.browser.product import FOREIGN, LINKS, Product
from tests.browser.provider import CLIENT, ISSUER, TOKEN_URL
from tests.e2e.deployed import Deployed
from tests.samples import NOW
from tests.tables import direct_table

# A function's first start takes its time where all of them share a core; a pass takes none.
expect.set_options(timeout=30_000)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO = "no Chromium here: `apt-get install chromium`, or CHROMIUM=<path> names another"
PARAMETERS = {
    "LandingUrl": "https://www.shop.test/welcome",
    "LandingPaths": "/pricing",
    "CookieDomain": "shop.test",
    "AllowedOrigins": f"https://www.shop.test,https://{FOREIGN}",
    "JwtIssuer": ISSUER,
    "ConsoleClientId": CLIENT,
    "ConsoleTokenUrl": TOKEN_URL,
    # Every browser here has one address.
    "ClicksPerMinute": "0",
}


def found() -> str | None:
    """The browser of this machine."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def hosts() -> Iterator[Hosts]:
    made = Hosts()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def chromium(hosts) -> Iterator[Browser]:
    """Skipped where there is no browser, unless BROWSER=needed."""
    path = found()
    if path is None:
        (pytest.fail if os.environ.get("BROWSER") == "needed" else pytest.skip)(HOW_TO)
    with sync_playwright() as playwright:
        # Whoever is root, as in a container, gets no sandbox from Chromium.
        arguments = [*hosts.arguments, "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(chromium, hosts, tmp_path_factory) -> Iterator[Deployed]:
    """The deployed service, which answers at https://go.shop.test as well."""
    directory = tmp_path_factory.mktemp("stack")
    with Stack(free_port(), free_port(), parameters=PARAMETERS, directory=directory) as stack:
        hosts.hosts[LINKS] = passed_on(stack.port)
        deployed = Deployed(stack.environment)
        deployed.issuer = ISSUER
        yield deployed


@pytest.fixture(scope="session")
def product(service, hosts) -> Product:
    """A product that uses the service as README tells it to."""
    made = Product(service)
    hosts.hosts |= made.hosts()
    return made


Browsing = Callable[..., BrowserContext]


@pytest.fixture
def browsing(chromium) -> Iterator[Browsing]:
    """Somebody's browser, with nothing in it; what it says of itself is what a person's says."""
    agent = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{chromium.version} Safari/537.36"
    )
    with ExitStack() as opened:

        def new(**options: Any) -> BrowserContext:
            context = chromium.new_context(**{"user_agent": agent, "locale": "en-GB"} | options)
            context.set_default_timeout(10_000)
            opened.callback(context.close)
            return context

        yield new


@pytest.fixture
def visitor(browsing) -> Page:
    """A page of a new visitor, whose mistakes fail the test."""
    page: Page = browsing().new_page()
    return page


@pytest.fixture
def console(service: Deployed, browsing: Browsing) -> Iterator[Console]:
    """A console that is not opened yet; what it asked of others or broke fails the test."""
    made = Console(browsing().new_page(), service)
    yield made
    assert made.foreign == []
    assert made.faults == []


@pytest.fixture
def quiet(hosts, browsing) -> Iterator[Console]:
    """A console that is not opened yet, of a service in this process on which nothing happened."""
    with served_here(direct_table(), hosts.hosts, NOW) as programme:
        made = Console(browsing().new_page(), programme, HERE)
        yield made
        made.page.close()
        assert made.foreign == []
        assert made.faults == []


@pytest.fixture
def busy(quiet) -> Iterator[Console]:
    """The same of one of which every screen has something to show."""
    with pytest.MonkeyPatch.context() as patch:
        be_busy(quiet.service, patch)
        yield quiet


@pytest.fixture
def emptied(service: Deployed) -> None:
    """Nobody else's referrals wait for review."""
    query = {"status": "review_required", "limit": "100"}
    while items := service.admin("GET", "/admin/referrals", query=query).good["items"]:
        decisions = [{"id": one["attribution"]["id"], "verdict": "reject"} for one in items]
        body = {"idempotency_key": f"empty-{items[0]['attribution']['id']}"[:64]}
        service.admin("POST", "/admin/referrals/decisions", body | {"decisions": decisions})
