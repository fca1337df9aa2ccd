"""What actors do: each act is one person or machine that sends requests until it is satisfied."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from referrals.rules.ids import attribution_id
from tests import stripe_payloads
from tests.functions.client import event
from tests.functions.running import SIGNING_SECRET
from tests.simulation.actor import Actor
from tests.simulation.process import HURRIED
from tests.simulation.world import SECRET

_PATIENCE = 8
_LONGEST_WAIT = 3
_REFUSED = range(400, 500)
_TOO_MANY = 429


@dataclass
class Answers:
    """What was answered to whom: the promises that the service made."""

    signed_up: dict[str, str] = field(default_factory=dict)
    # Of clicks, the code of each id.
    clicked: dict[str, str] = field(default_factory=dict)
    reviewed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Whose erasure was asked for, and whose was answered.
    leaving: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    unanswered: list["Act"] = field(default_factory=list)
    # What those who looked were shown and should not have been.
    misled: list[str] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    # Of the metered account: requests served, and those of which it is not known.
    served: int = 0
    in_doubt: int = 0


@dataclass(frozen=True)
class Sending:
    """An actor with the keys to call with, and the book of answers."""

    actor: Actor
    keys: dict[str, str]
    answers: Answers

    def request(
        self, function: str, method: str, path: str, *, key: str | None = "admin", **details: Any
    ) -> tuple[int, Any]:
        """The status and data of the answer; 0 where none came."""
        if key is not None:
            details["key"] = self.keys[key]
        answer = self.actor.invoke(function, event(method, path, **details))
        if answer is None:
            return 0, None
        self.answers.statuses[function, answer["statusCode"]] += 1
        if answer["headers"]["Content-Type"].startswith("text/csv"):
            return answer["statusCode"], answer["body"]
        return answer["statusCode"], json.loads(answer["body"])["data"]

    def until(self, act: "Act", attempt: Callable[[], bool]) -> None:
        """Try until it is done, or give up for now and leave it for later."""
        for _ in range(_PATIENCE):
            if attempt():
                return
            self.actor.wait(self.actor.chance.uniform(0, _LONGEST_WAIT))
        self.answers.unanswered.append(act)


class Act:
    """Something that an actor does, from `at` after the beginning; `about` whom it tells facts."""

    name: str
    at: timedelta
    about: str = ""

    def do(self, sending: Sending) -> None:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class SignUp(Act):
    """The product tells of a new user until it hears yes or no."""

    name: str
    at: timedelta
    body: dict[str, str]
    about: str = ""

    def do(self, sending: Sending) -> None:
        def attempt() -> bool:
            status, data = sending.request(
                "attribute_signup", "POST", "/referrals/signups", key="service", body=self.body
            )
            if status == 200:
                known = sending.answers.signed_up.setdefault(self.body["user_id"], data["code"])
                assert known == data["code"], "told of two codes"
            return status == 200 or (status in _REFUSED and status != _TOO_MANY)

        sending.until(self, attempt)


@dataclass(frozen=True, kw_only=True)
class Deliver(Act):
    """Stripe sends an event until it hears a 2xx, signed anew each time."""

    name: str
    at: timedelta
    payload: dict[str, Any]
    about: str = ""

    def do(self, sending: Sending) -> None:
        body = json.dumps(self.payload)

        def attempt() -> bool:
            at = sending.actor.world.now.timestamp()
            signature = stripe_payloads.signature(body.encode(), SIGNING_SECRET, at=at)
            status, _ = sending.request(
                "stripe_webhook",
                "POST",
                "/webhooks/stripe",
                key=None,
                body=body,
                headers={"stripe-signature": signature},
            )
            return status == 200

        sending.until(self, attempt)


@dataclass(frozen=True, kw_only=True)
class Review(Act):
    """Support staff approve or reject; a referral that does not wait yet is tried again."""

    name: str
    at: timedelta
    user: str
    verdict: str

    def do(self, sending: Sending) -> None:
        one = attribution_id(SECRET.encode(), self.user)
        for _ in range(4):
            status, _ = sending.request(
                f"{self.verdict}_referral",
                "POST",
                f"/admin/referrals/{one}/{self.verdict}",
                body={"reason": "looked at"},
            )
            if status == 200:
                sending.answers.reviewed[self.user].add(self.verdict)
                return
            sending.actor.wait(sending.actor.chance.uniform(0, 4))


@dataclass(frozen=True, kw_only=True)
class Recover(Act):
    """The schedule, or a person who does not want to wait for it."""

    name: str
    at: timedelta
    by_hand: bool

    def do(self, sending: Sending) -> None:
        if self.by_hand:
            sending.request("recover_grants", "POST", "/admin/referrals/recover")
        else:
            sending.actor.invoke("recover_grants", {})


@dataclass(frozen=True, kw_only=True)
class Run(Act):
    """A scheduled function."""

    name: str
    at: timedelta
    function: str

    def do(self, sending: Sending) -> None:
        sending.actor.invoke(self.function, {})


@dataclass(frozen=True, kw_only=True)
class Use(Act):
    """The metered account's owner calls priced endpoints: found, and not found."""

    name: str
    at: timedelta
    found: tuple[bool, ...]

    def do(self, sending: Sending) -> None:
        for found in self.found:
            actor = sending.actor
            struck, process = actor.struck, actor.process
            if found:
                request = "get_account", "GET", "/admin/accounts/metered"
            else:
                request = "get_referral", "GET", "/admin/referrals/attr_unknown"
            status, _ = sending.request(*request, key="metered")
            if status == 200:
                sending.answers.served += 1
            elif actor.struck > struck or actor.process is not process:
                sending.answers.in_doubt += 1
            actor.wait(actor.chance.uniform(0, 1))


@dataclass(frozen=True, kw_only=True)
class Erase(Act):
    """Support staff erase a person until they hear that it is done, in one call or in many."""

    name: str
    at: timedelta
    user: str
    hurried: bool = False

    def do(self, sending: Sending) -> None:
        def attempt() -> bool:
            sending.answers.leaving.add(self.user)
            if self.hurried:
                sending.actor.process.context = HURRIED
            status, done = sending.request(
                "erase_user", "POST", f"/admin/users/{self.user}/erase", body={}
            )
            finished = status == 200 and not done["left"]
            if finished:
                sending.answers.erased.add(self.user)
            return finished

        sending.until(self, attempt)
