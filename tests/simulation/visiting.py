"""Visitors: clicks of every kind, at any moment, while others count them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tests.functions.client import event
from tests.simulation.acts import Act, Sending

_REFUSED = (400, 429)


@dataclass(frozen=True, kw_only=True)
class Visit(Act):
    """A page tells of a visit until it hears yes or no, and again with the id that it heard."""

    name: str
    at: timedelta
    code: str
    click_id: str | None = None
    campaigns: tuple[str | None, ...] = (None,)
    again: int = 0
    address: str = "198.51.100.1"
    about: str = ""

    def do(self, sending: Sending) -> None:
        for campaign in self.campaigns:
            self._comes(sending, campaign)

    def _comes(self, sending: Sending, campaign: str | None) -> None:
        body = {"code": self.code, "utm_campaign": campaign, "click_id": self.click_id}
        left = 1 + self.again

        def attempt() -> bool:
            nonlocal left
            told = {name: value for name, value in body.items() if value}
            status, data = sending.request(
                *("capture_click", "POST", "/referrals/click"),
                key=None,
                body=told,
                address=self.address,
            )
            if status == 200:
                left -= 1
                body["click_id"] = data["click_id"]
                known = sending.answers.clicked.setdefault(data["click_id"], data["code"])
                assert known == data["code"], "one id for two codes"
            return status in _REFUSED or not left

        sending.until(self, attempt)


@dataclass(frozen=True, kw_only=True)
class Follow(Act):
    """A person follows a link, again and again; it leads on whatever happens."""

    name: str
    at: timedelta
    code: str
    campaign: str | None = None
    times: int = 1
    address: str = "198.51.100.1"
    about: str = ""

    def do(self, sending: Sending) -> None:
        for _ in range(self.times):
            answer = sending.actor.invoke("follow_link", self._request())
            if answer is not None:
                sending.answers.statuses["follow_link", answer["statusCode"]] += 1
            sending.actor.wait(sending.actor.chance.uniform(0, 2))

    def _request(self) -> dict[str, Any]:
        request = event("GET", f"/{self.code}", address=self.address)
        query = urlencode({"utm_campaign": self.campaign} if self.campaign else {})
        request |= {"rawPath": f"/r/{self.code}", "routeKey": "GET /r/{code}"}
        request |= {"rawQueryString": query, "pathParameters": {"code": self.code}}
        request["requestContext"]["http"]["path"] = f"/r/{self.code}"
        return request
