"""A programme of which every screen of the console has something to show."""

from datetime import timedelta

import pytest

from referrals.edge import clock, service
from tests import stripe_payloads
from tests.functions.client import invoke
from tests.functions.running import CODE, REFERRER, RunningProgramme
from tests.samples import NOW

LATER = NOW + timedelta(minutes=1)
MEMBERS = ("user-paid", "user-held", "user-owed", "user-refunded", "user-rejected")
# The whole console: a screen that is not here is a screen that no audit saw.
SCREENS = (
    "overview",
    "review",
    "referrals",
    *(f"referrals/<{member}>" for member in MEMBERS),
    "accounts",
    f"accounts/{REFERRER}",
    "health",
)


def be_busy(programme: RunningProgramme, patch: pytest.MonkeyPatch) -> None:
    """Referrals of every kind, with their clicks; a code decided on, schedules run, one failed."""
    visit = {"landing_path": "/pricing", "utm_campaign": "spring", "utm_source": "mail"}

    def clicked() -> str:
        identity: str = programme.click(**visit, utm_medium="letter").good["click_id"]
        return identity

    programme.rewarded("user-paid", click_id=clicked())
    programme.in_review("user-held", click_id=clicked())
    programme.owed("user-owed", click_id=clicked())
    sale = programme.referred("user-refunded", click_id=clicked())
    programme.pay(sale)
    assert programme.stripe(stripe_payloads.charge_refunded(sale)).good
    no = programme.in_review("user-rejected")["attribution"]["id"]
    assert programme.review("reject", no, body={"reason": "a throw-away address"}).good
    assert programme.disable(CODE, body={"reason": "many of one address"}).good
    assert programme.enable(CODE, body={"reason": "a school class"}).good
    programme.webhook("{}", {"stripe-signature": "t=1,v1=0"})
    patch.setattr(clock, "now", lambda: LATER)
    for schedule in ("roll_up_clicks", "recover_grants", "reconcile"):
        invoke(schedule, {})
    with pytest.MonkeyPatch.context() as wrong:
        wrong.setattr(service, "hashing_secret", _fail)
        with pytest.raises(ZeroDivisionError):
            invoke("expire_attributions", {})


def _fail(**_: object) -> None:
    raise ZeroDivisionError


def place(programme: RunningProgramme, screen: str) -> str:
    """A screen's address, with the id of the referral by which the member came."""
    name, named, member = screen.partition("<")
    if not named:
        return screen
    story = programme.referral_of(member.removesuffix(">"))
    return f"{name}{story['attribution']['id']}"
