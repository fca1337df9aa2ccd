"""The console as staff have it before them: signed in, on the service's own host."""

import itertools
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import ConsoleMessage, Page, expect

from referrals.rules.attribution import Change
from referrals.store import attributions
from tests import stripe_payloads
from tests.browser.product import LINKS
from tests.e2e.deployed import Deployed
from tests.functions.running import RunningProgramme

URL = f"https://{LINKS}/console"
_numbers = itertools.count()


@dataclass
class Console:
    """A page of the console; `foreign` is what it asked of anybody else, `faults` what broke."""

    page: Page
    service: Deployed | RunningProgramme
    host: str = LINKS

    def __post_init__(self) -> None:
        # Of a dozen files that are asked for together each may start a function.
        self.page.set_default_timeout(30_000)
        self.asked: list[str] = []
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.faults: list[str] = []
        self.page.on("pageerror", lambda one: self.faults.append(str(one)))
        self.page.on("console", self._hear)

    def open(self, place: str = "", key: str | None = None) -> "Console":
        """Sign in and go to a screen."""
        self.go(place)
        self.sign_in(key or self.service.admin_key)
        return self

    def sign_in(self, key: str) -> None:
        self.page.get_by_label("Admin API key").fill(key)
        self.page.get_by_role("dialog").get_by_role(
            "button", name=re.compile("^Sign in( with the key)?$")
        ).click()

    def go(self, place: str) -> None:
        self.page.goto(f"https://{self.host}/console#/{place}")

    def said(self, text: str) -> None:
        """Wait until the page says it."""
        self.page.get_by_text(text).first.wait_for()

    def settled(self) -> None:
        """Wait until nothing loads any more."""
        self.page.get_by_role("heading", level=1).wait_for()
        expect(self.page.locator("[aria-busy=true]")).to_have_text([], timeout=30_000)

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    @property
    def foreign(self) -> list[str]:
        """What it asked of anybody but the service."""
        own = (f"https://{self.host}/", "data:")
        return [url for url in self.asked if not url.startswith(own)]


def held(service: Deployed, number: int = 1, **signup: Any) -> list[str]:
    """So many referrals of a new referrer that wait for review; their ids, oldest first."""
    referrer, code = service.new_referrer()
    for _ in range(number):
        email = f"{next(_numbers)}-{uuid4().hex[:8]}@mailinator.com"
        _, sale = service.referred(code, email=email, **signup)
        assert service.stripe(stripe_payloads.invoice_paid(sale)).good["handled"]
    query = {"user_id": referrer, "order": "oldest", "limit": "100"}
    found = service.admin("GET", "/admin/referrals", query=query).good["items"]
    return [one["attribution"]["id"] for one in found]


def many_held(service: Deployed, number: int) -> None:
    """So many held referrals of ten referrers, stored as they would be by now."""
    (one,) = held(service)
    known = attributions.get(service.table, one)
    assert known is not None
    for n in range(1, number):
        user = uuid4().hex
        copy = replace(
            known,
            id=f"attr_{user[:24]}",
            referred_user_id=user,
            referrer_user_id=f"{known.referrer_user_id}-{n % 10}",
            created_at=known.created_at + timedelta(milliseconds=n),
            version=0,
        )
        attributions.commit(service.table, Change(before=None, after=copy), monthly_cap=10)


def status(service: Deployed, identity: str) -> str:
    told: str = service.admin("GET", f"/admin/referrals/{identity}").good["attribution"]["status"]
    return told
