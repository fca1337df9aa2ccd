"""Those who look while others act: what they are shown is held against what was true then.

Stats and /me are exact: they show what stood at some moment of the call. A list may be behind,
but shows nothing that never was; once all is quiet it shows everything.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.simulation import counting
from tests.simulation.acts import Act, Sending
from tests.simulation.emulator import Item, Stood
from tests.simulation.plan import CODES

STATS = {
    "attributed_signups": lambda one: True,
    "qualified_referrals": lambda one: "qualified_at" in one,
    "review_required": lambda one: one["status"] == "review_required",
    "rewarded_referrals": lambda one: one["status"] == "rewarded",
    "capped_referrals": lambda one: one["status"] == "capped",
    "rejected_referrals": lambda one: one["status"] == "rejected",
}
_ME = {
    "attributed": lambda one: True,
    "qualified": lambda one: "qualified_at" in one,
    "expired": lambda one: one["status"] == "expired",
    **{name: STATS[f"{name}_referrals"] for name in ("rewarded", "capped", "rejected")},
    "review_required": STATS["review_required"],
}
_SHOWN = ("status", "skip_reason", "reviewed_by", "first_paid_invoice_id")
_TIMES = 3
_OWING = ("qualified", "failed", "capped")
# A list may lag behind in more ways than one: each filter reads another index.
_LISTS: tuple[dict[str, str], ...] = (
    {},
    {"user_id": "metered"},
    {"pending_grant": "true"},
    {"campaign": "spring", "status": "rewarded"},
    {"status": "attributed"},
    {"status": "rewarded"},
)
Counters = Mapping[str, Callable[[Item], bool]]


@dataclass(frozen=True, kw_only=True)
class Look(Act):
    """One who looks, and looks again a little later, answered or not."""

    name: str
    at: timedelta
    about: str = ""

    def do(self, sending: Sending) -> None:
        for _ in range(_TIMES):
            self.once(sending)
            sending.actor.wait(sending.actor.chance.uniform(0, 1))

    def once(self, sending: Sending) -> None:
        """Look, and judge what is shown."""
        world = sending.actor.world
        began = world.emulator.moment
        status, shown = self.ask(sending)
        if status in self.refused(sending):
            return
        if status == 200:
            stood = world.emulator.stood(began)
            wrong = self.wrong(shown, stood, quiet=not world.faulty)
            sending.answers.misled += [f"{self.name}: {one}" for one in wrong]
        elif not world.faulty:
            sending.answers.unanswered.append(self)

    def ask(self, sending: Sending) -> tuple[int, Any]:
        raise NotImplementedError

    def refused(self, sending: Sending) -> Container[int]:
        """Answers that are right, and show nothing."""
        return ()

    def wrong(self, shown: Any, stood: Stood, *, quiet: bool) -> Iterator[str]:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class LookAtStats(Look):
    """Growth staff read the funnel, of all campaigns or of one."""

    span: tuple[str | None, str | None]
    campaign: str | None = None

    def ask(self, sending: Sending) -> tuple[int, Any]:
        query = self.bounds() | ({"campaign": self.campaign} if self.campaign else {})
        return sending.request("referral_stats", "GET", "/admin/referrals/stats", query=query)

    def wrong(self, shown: Any, stood: Stood, *, quiet: bool) -> Iterator[str]:
        yield from miscounted(shown, STATS, stood, self._counts)
        came = list(stood.clicks())
        least, most = counting.clicks(came, self.campaign, self.within, quiet=quiet)
        if not least <= shown["clicks"] <= most:
            yield f"{shown['clicks']} clicks, while there were from {least} to {most}"

    def bounds(self) -> dict[str, str]:
        """The span as a query."""
        bounds = zip(("from", "to"), self.span, strict=True)
        return {name: bound for name, bound in bounds if bound}

    def _counts(self, one: Item) -> bool:
        campaign = self.campaign is None or one.get("utm_campaign") == self.campaign
        return campaign and self.within(one["created_at"])

    def within(self, time: str) -> bool:
        """Whether a time is in the span."""
        since, until = self.span
        return (since or "") <= time < (until or "9999")


@dataclass(frozen=True, kw_only=True)
class LookAtMe(Look):
    """A referrer reads how their referrals fare."""

    user: str

    def ask(self, sending: Sending) -> tuple[int, Any]:
        return sending.request("my_referrals", "GET", "/referrals/me", key=None, token=self.user)

    def refused(self, sending: Sending) -> Container[int]:
        return (404,) if self.user in sending.answers.leaving else ()

    def wrong(self, shown: Any, stood: Stood, *, quiet: bool) -> Iterator[str]:
        yield from miscounted(shown["stats"], _ME, stood, self._made)
        for item in shown["items"]:
            if item["status"] not in {one and one["status"] for one in stood.during(item["id"])}:
                yield f"{item['id']} is shown as {item['status']}, which it was not then"

    def _made(self, one: Item) -> bool:
        return bool(one["code"] == CODES[self.user])


@dataclass(frozen=True, kw_only=True)
class LookAtList(Look):
    """Support staff look for referrals."""

    query: Mapping[str, str] = field(default_factory=dict)

    def ask(self, sending: Sending) -> tuple[int, Any]:
        return sending.request("list_referrals", "GET", "/admin/referrals", query=dict(self.query))

    def wrong(self, shown: Any, stood: Stood, *, quiet: bool) -> Iterator[str]:
        listed = [item["attribution"] for item in shown["items"]]
        names = [one["id"] for one in listed]
        if names != [one["id"] for one in sorted(listed, key=_age, reverse=True)]:
            yield f"not in falling order: {names}"
        if len(set(names)) < len(names):
            yield f"shown twice: {names}"
        for item in shown["items"]:
            name = item["attribution"]["id"]
            was = [one for one in stood.ever(name) if self._matches(one)]
            if _view(item["attribution"], item["rewards"]) not in map(_stored_view, was):
                yield f"{name} is shown as it never was, or does not belong: {item}"
        missing = {one["id"] for one in stood.now() if self._matches(one)} - set(names)
        if quiet and missing:
            yield f"left out: {sorted(missing)}"

    def _matches(self, one: Item) -> bool:
        for name, wanted in self.query.items():
            match name:
                case "status":
                    passes = one["status"] == wanted
                case "campaign":
                    passes = one.get("utm_campaign") == wanted
                case "pending_grant":
                    passes = str(_owes(one)).lower() == wanted
                case "user_id":
                    passes = wanted in (one["referrer_user_id"], one["referred_user_id"])
                case "q":
                    sides = (one["referrer_user_id"], one["referred_user_id"])
                    passes = wanted in (one["id"], one["code"], *sides)
                case _:
                    raise LookupError(name)
            if not passes:
                return False
        return True


def looks(chance: Random, start: datetime) -> list[Look]:
    """Some looks at a history that begins at this time."""
    hour, half = start.replace(minute=0, second=0), timedelta(minutes=30)
    # Whole hours, and bounds that break the hours in which it begins.
    whole = (hour - timedelta(hours=1), hour + timedelta(hours=2))
    since, until = chance.choice([whole, (start - half, start + half)])
    bounds = f"{since:%FT%T}.000Z", f"{until:%FT%T}.000Z"
    span = chance.choice([bounds, (bounds[0], None), (None, bounds[1]), (None, None)])
    campaign, queries = chance.choice([None, "spring"]), chance.sample(_LISTS, 2)

    def soon() -> timedelta:
        return timedelta(seconds=chance.uniform(0, 2))

    possible = [
        LookAtStats(name="looks at stats", at=soon(), span=span, campaign=campaign),
        LookAtMe(name="looks at their own", at=soon(), user="metered"),
        *(LookAtList(name=f"looks for {query}", at=soon(), query=query) for query in queries),
    ]
    return chance.sample(possible, chance.choice([0, 0, 1, 1, 2]))


def miscounted(
    shown: Mapping[str, int], counters: Counters, stood: Stood, counts: Callable[[Item], bool]
) -> Iterator[str]:
    """Counts that no moment of the call had. Each referral is read once, at a moment of its own."""
    for name, belongs in counters.items():
        least = most = 0
        for each in stood.names():
            held = {bool(one and counts(one) and belongs(one)) for one in stood.during(each)}
            least, most = least + min(held), most + max(held)
        if not least <= shown[name] <= most:
            yield f"{shown[name]} {name}, while there were from {least} to {most}"


def _owes(one: Item) -> bool:
    rewards = one.get("rewards", {}).values()
    return one["status"] in _OWING and any("credits_granted_at" not in each for each in rewards)


def _age(shown: Item) -> tuple[str, str]:
    return shown["created_at"], shown["id"]


def _view(shown: Item, rewards: Iterable[Item]) -> list[Any]:
    granted = sorted(one["role"] for one in rewards if "credits_granted_at" in one)
    return [*(shown.get(name) for name in _SHOWN), granted]


def _stored_view(one: Item) -> list[Any]:
    rewards = one.get("rewards", {}).items()
    return _view(one, [{"role": role, **reward} for role, reward in rewards])
