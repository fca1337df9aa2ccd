"""A product that uses the service as README tells it to: its pages, its signup form."""

import importlib.util
import re
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from tests.browser.hosts import STRICT, Answers, Asked, Told, html, page
from tests.e2e.deployed import Deployed

LINKS = "go.shop.test"
PAGES = "www.shop.test"
ACCOUNTS = "app.shop.test"
# A product on another domain than the service; and somebody whom nobody has named.
FOREIGN, UNNAMED = "www.foreign.test", "www.unnamed.test"

ROOT = Path(__file__).parent.parent.parent
SIGNUP = ROOT / "docs/product/signup.py"
FORM = """
<form method="post" action="/signup">
  <label>Name <input name="user"></label>
  <input type="hidden" name="click_id">
  <button>Sign up</button>
</form>
"""
# The script of the service is of another origin, and so is what it calls.
EMBEDDING = f"{STRICT}; script-src 'self' https://{LINKS}; connect-src https://{LINKS}"
EMBEDDED, CARD = "referrals.js", "referral-card"
FILL_IN = """
document.querySelector("form").addEventListener("submit", ({ target }) => {
  target.elements.click_id.value = referrals.clickId() ?? "";
});
"""


class Product:
    """Whoever signs up is told to the service by docs/product/signup.py."""

    def __init__(self, service: Deployed) -> None:
        self._service = service
        spec = importlib.util.spec_from_file_location("product_signup", SIGNUP)
        assert spec is not None
        assert spec.loader is not None
        self._code = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._code)

    def hosts(self) -> dict[str, Answers]:
        """What each of the product's hosts answers."""
        embedding = f"{from_readme(EMBEDDED)}<script src='/fill-in.js' defer></script>"
        return {
            PAGES: _pages(lambda _: page(html(f'<a href="https://{ACCOUNTS}/">Join</a>'))),
            ACCOUNTS: _pages(lambda _: page(html(FORM)), self._sign_up),
            FOREIGN: _pages(lambda _: page(html(FORM, embedding), policy=EMBEDDING), self._sign_up),
            UNNAMED: _pages(lambda _: page(html(FORM, embedding), policy=EMBEDDING), self._sign_up),
        }

    def _sign_up(self, asked: Asked) -> Told:
        form = {name: value for name, (value,) in parse_qs(asked.body.decode()).items()}
        cookies = {
            name: one.value for name, one in SimpleCookie(asked.headers.get("Cookie", "")).items()
        }
        if "click_id" in form:
            cookies["referral_click"] = form["click_id"]
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("REFERRALS_URL", self._service.url)
            environment.setenv("REFERRALS_SERVICE_KEY", self._service.service_key)
            referred = self._code.tell_signup(form["user"], cookies)
        return page(html(f"<p>{'referred' if referred else 'came by themselves'}</p>"))


def from_readme(name: str) -> str:
    """The lines of HTML that README tells a product to paste, on this service's host."""
    blocks = re.findall(
        r"^ *```html\n(.*?)^ *```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    (block,) = (one for one in blocks if f"/{name}" in one)
    return block.replace("go.example.com", LINKS)


def new_user() -> str:
    """The name of somebody who has not signed up yet."""
    return f"user-{uuid4().hex[:8]}"


def _pages(shown: Answers, sign_up: Callable[[Asked], Told] | None = None) -> Answers:
    def answer(asked: Asked) -> Told:
        if asked.method == "POST" and sign_up:
            return sign_up(asked)
        if asked.path == "/fill-in.js":
            return page(FILL_IN, type="text/javascript")
        if asked.path == "/favicon.ico":
            return Told(status=204)
        return shown(asked)

    return answer
