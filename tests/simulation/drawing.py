"""A history drawn from a seed: many kinds, for each hides what others show."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from referrals.rules.plans import Overage, Plan
from tests import stripe_payloads
from tests.simulation.acts import Act, Deliver, Erase, Recover, Review, Run, SignUp, Use
from tests.simulation.crowds import ATTENTIVE, folds, leavers, visitors
from tests.simulation.faults import FAULTS, Fault
from tests.simulation.listening import tells
from tests.simulation.looking import looks
from tests.simulation.plan import (
    AFTER_THE_WINDOW,
    CODES,
    MONTHS_END,
    NOON,
    History,
    Member,
)
from tests.simulation.ranking import rankings
from tests.simulation.stripe import Stripe
from tests.simulation.stripe_stories import Story
from tests.simulation.stripe_strangers import strangers
from tests.simulation.world import MOST_SKEW, Faults
from tests.stripe_payloads import BASIL, OLD, Payload, Sale

# An account's endpoints send in one version, or in two while it moves to the newer.
_VERSIONS = ([OLD], [BASIL], [BASIL], [OLD, BASIL])
# How often Stripe is told of the click, and how often the product leaves it at that.
_CLICK_TOLD, _CALL_FORGOTTEN = 0.4, 0.25
_SOON, _AT_ONCE = timedelta(milliseconds=400), timedelta(milliseconds=10)


def drawn(seed: int) -> History:
    """The history of a seed."""
    return _Draw(seed).history()


@dataclass
class _Draw:
    seed: int
    chance: Random = field(init=False)
    acts: list[Act] = field(default_factory=list)
    opening: list[Act] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._into = self.acts
        self.chance = Random(f"{self.seed}/plan")

    def history(self) -> History:
        chance = self.chance
        self._begun, self._together = self._happens(0.6), self._happens(0.6)
        # A rush: members with nothing special about them pay at once, over one small cap.
        self._rush = self._happens(0.4)
        # Requests are held for minutes and sent again; staff forget whom they forgot already.
        self._slow = self._happens(0.4)
        self._begun, self._together = self._begun or self._rush, self._together or self._rush
        start = chance.choices([NOON, MONTHS_END], [4, 1])[0]
        cap = 1 if self._rush else chance.choice([1, 1, 2])
        environment = {"MONTHLY_REFERRER_REWARD_CAP": str(cap), "STRIPE_MODE": "live"}
        if self._happens(0.15):
            environment["REWARD_HOLD_DAYS"] = "2"
        if self._happens(0.1):
            environment["REVERSAL_MODE"] = "flag"
        self._account = {"account": "acct_ours"} if self._happens(0.1) else {}
        if self._account:
            environment["STRIPE_ACCOUNT"] = "acct_ours"
        number = chance.choices([1, 2, 3], [0, 6, 2] if self._rush else [4, 5, 2])[0]
        members = tuple(self._member(f"u{n}", start) for n in range(1, number + 1))
        self._staff()
        self.acts += looks(chance, start)
        crowd = visitors(self.seed, start)
        self.acts += [*folds(self.seed, start), *leavers(self.seed), *crowd, *tells(self.seed)]
        self.acts += rankings(self.seed, start)
        return History(
            seed=self.seed,
            start=start,
            environment=environment,
            plan=self._plan(),
            members=members,
            opening=tuple(self.opening),
            acts=tuple(self.acts),
            faults=self._faults(ATTENTIVE if crowd else MOST_SKEW),
        )

    def _happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def _oddly(self, probability: float) -> bool:
        """Whether something unusual is so: seldom where something else is looked for."""
        return self._happens(probability / 8 if self._rush or self._slow else probability)

    def _soon(self) -> timedelta:
        return (_AT_ONCE if self._together else _SOON) * self.chance.random()

    def _plan(self) -> Plan:
        overage = self.chance.choice([Overage.NONE, Overage.NONE, Overage.ALWAYS])
        return Plan("free", 0, self.chance.choice([1, 2, 50]), 60, 40, overage, None)

    def _faults(self, most_skew: timedelta) -> Faults:
        kinds = list(FAULTS)
        if self._happens(0.5):
            kinds = self.chance.sample(kinds, self.chance.randint(2, 6))
        # Each history has its own kinds of trouble: rare ones must not drown in the rest.
        kinds += [Fault.LOST_RESPONSE, Fault.CONFLICT, Fault.THROTTLE, Fault.STALE]
        return Faults(
            rate=self.chance.uniform(0.4, 0.6),
            lucky=0.7 if self._rush or self._slow else 0.2,
            kinds=frozenset(kinds),
            skewed=self._happens(0.5),
            most_skew=most_skew,
            stalls=0.0 if self._together else 0.15,
            held=0.8 if self._slow else 0.01,
        )

    def _member(self, user: str, start: datetime) -> Member:
        chance = self.chance
        member = Member(
            user=user,
            linked=not self._oddly(0.05),
            disposable=self._oddly(0.15),
            shares_customer=self._oddly(0.1),
        )
        # Half of the histories begin with the payments, so that these meet.
        self._into = self.opening if self._begun else self.acts
        links = chance.choice(["signup", "invoice", "customer", "checkout", "both"])
        clicked = Random(f"{self.seed}/{user}/clicked").random()
        if member.linked and links not in ("signup", "invoice") and not member.disposable:
            member = replace(member, told_by_stripe=clicked < _CLICK_TOLD)
        if clicked >= _CALL_FORGOTTEN or not member.told_by_stripe:
            self._signups(member, links in ("signup", "both"))
        if member.linked and links not in ("signup", "invoice"):
            self._deliver("links", _link(member, checkout=links == "checkout"), user)
        self._into = self.acts
        if not self._oddly(0.08):
            named = {"user_id": user} if member.linked and links == "invoice" else {}
            member = self._pays(member, start, named)
        elif links == "invoice":
            member = replace(member, linked=False)
        for what, payload, frame in strangers(user, start, chance, self._oddly):
            self._deliver(what, payload, **frame)
        if member.shares_customer:
            shared = {"metadata": {"user_id": "metered"}}
            member = replace(member, shared_from_the_start=self._happens(0.5))
            self._into = self.opening if member.shared_from_the_start else self.acts
            self._deliver("shares", stripe_payloads.customer_event(_sale(member), **shared), user)
            self._into = self.acts
        self._reviews(member)
        self._erasures(user)
        return member

    def _pays(self, member: Member, start: datetime, named: dict[str, str]) -> Member:
        """All that Stripe tells of them, at any time from before the payment is heard of."""
        after = AFTER_THE_WINDOW if self._oddly(0.08) else timedelta()
        stripe = Stripe(
            customer=member.customer,
            now=int((start + after).timestamp()),
            chance=self.chance,
            versions=[OLD] if self._rush else self.chance.choice(_VERSIONS),
            expands=self._happens(0.2),
            metadata=named,
        )
        story = Story(stripe, self.chance, plain=self._rush or bool(after))
        story.tell()
        for told in story.delivered():
            self._deliver(told.type, told.payload, member.user, after)
            if self._happens(0.05):
                self._deliver(f"{told.type} again", told.payload, member.user, after)
        return replace(member, invoices=stripe.invoices)

    def _signups(self, member: Member, tells_customer: bool) -> None:
        body = {"user_id": member.user}
        if member.disposable:
            body["email"] = f"{member.user}@mailinator.com"
        if tells_customer and member.linked:
            body["stripe_customer_id"] = member.customer
        ways: list[dict[str, str]] = [
            {"code": CODES["metered"]},
            {"click_id": "click_spring"},
            {"code": CODES["metered"], "click_id": "click_plain"},
        ]
        chosen = self.chance.sample(ways, self.chance.choice([1, 1, 2]))
        if self._oddly(0.25):
            chosen.append({"code": CODES["rival"]})
        for number, way in enumerate(chosen, 1):
            name = f"{member.user} signs up {number}"
            self._add(SignUp, name, self._soon(), body=body | way, about=member.user)

    def _reviews(self, member: Member) -> None:
        warned = any(invoice.ever_warned for invoice in member.invoices)
        flagged = member.disposable or member.shares_customer or warned
        for verdict in ("approve", "reject"):
            if self._happens(0.6 if flagged else 0.04):
                at = timedelta(seconds=self.chance.uniform(0, 5))
                name = f"{member.user} {verdict}"
                self._add(Review, name, at, user=member.user, verdict=verdict)

    def _erasures(self, user: str) -> None:
        if not self._happens(1 if self._slow else 0.02):
            return
        for number in range(1, self.chance.choice([1, 2, 3]) + 1):
            # While they sign up, or once they have credits.
            latest = (240 if self._begun else 25) if self._slow else 3
            at = timedelta(seconds=self.chance.uniform(0, latest))
            self._add(Erase, f"{user} erased {number}", at, user=user)

    def _staff(self) -> None:
        for number in range(self.chance.choice([0, 1, 2, 3])):
            at = timedelta(seconds=self.chance.uniform(0, 4))
            self._add(Recover, f"recover {number}", at, by_hand=self._happens(0.5))
        if self._happens(0.15):
            self._add(
                Run, "expiry", AFTER_THE_WINDOW + self._soon(), function="expire_attributions"
            )
        if self._happens(0.3 if self._slow else 0.08):
            at = timedelta(seconds=self.chance.uniform(0, 300 if self._slow else 3))
            self._add(Run, "reconciliation", at, function="reconcile")
        for number in range(self.chance.choice([0, 0, 1, 1, 2])):
            found = tuple(self._happens(0.75) for _ in range(self.chance.randint(1, 3)))
            at = timedelta(seconds=self.chance.uniform(0, 3))
            self._add(Use, f"use {number}", at, found=found)

    def _deliver(
        self,
        what: str,
        payload: Payload,
        about: str = "",
        after: timedelta = timedelta(),
        **frame: Any,
    ) -> None:
        late = timedelta(seconds=0 if self._together else self.chance.choice([0, 0, 0, 5]))
        number = len(self.opening) + len(self.acts)
        named = {"id": f"evt_{number}", "livemode": True} | self._account | frame
        at = after + late + self._soon()
        self._add(Deliver, f"evt_{number} {what}", at, payload=payload | named, about=about)

    def _add(self, kind: Any, name: str, at: timedelta, **details: Any) -> None:
        self._into.append(kind(name=name, at=at, **details))


def _sale(member: Member) -> Sale:
    at, email = int(NOON.timestamp()), f"{member.user}@example.com"
    return Sale(customer=member.customer, number=member.user, paid_at=at, email=email)


def _link(member: Member, *, checkout: bool) -> Payload:
    sale, user = _sale(member), member.user
    clicked = {"referral_click_id": "click_spring"} if member.told_by_stripe else {}
    if checkout:
        told = {"client_reference_id": user, "metadata": clicked}
        return stripe_payloads.checkout_completed(sale, **told)
    return stripe_payloads.customer_event(sale, metadata={"user_id": user} | clicked)
