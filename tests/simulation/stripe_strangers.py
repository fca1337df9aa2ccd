"""Events that are about nobody here, though some look like it: nothing may come of them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any

from tests import stripe_payloads
from tests.simulation.plan import AMOUNT
from tests.simulation.stripe import Stripe
from tests.stripe_payloads import Payload, Sale

_THIN = stripe_payloads.thin_event(Sale(customer="cus_nobody", number="thin"))
# A kind that nobody here has heard of, in a form of its own.
_UNKNOWN: Payload = {
    "id": "evt-of-tomorrow",
    "object": "event",
    "created": None,
    "data": ["nothing", "that", "is", "known"],
    "type": "billing.something_new.happened",
}
# Another business that is connected to ours, and our own test mode.
_ELSEWHERE: tuple[dict[str, Any], ...] = ({"account": "acct_other"}, {"livemode": False})


def strangers(
    user: str, at: datetime, chance: Random, odd: Callable[[float], bool]
) -> Iterator[tuple[str, Payload, dict[str, Any]]]:
    """Some such events, with what is odd about their frames; `odd` says whether to, so likely."""
    if odd(0.15):
        frame = chance.choice(_ELSEWHERE)
        yield from ((f"{one['type']} elsewhere", one, frame) for one in _paid(user, at, chance))
    if odd(0.1):
        yield "thin", _THIN, {}
    if odd(0.1):
        yield "unknown", _UNKNOWN, {}


def _paid(user: str, at: datetime, chance: Random) -> list[Payload]:
    """Somebody who is told to be this user pays for a subscription."""
    stripe = Stripe(
        customer=f"cus_elsewhere_{user}",
        now=int(at.timestamp()),
        chance=chance,
        metadata={"user_id": user},
    )
    stripe.pay(stripe.bill(AMOUNT))
    return [told.payload for told in stripe.told]
