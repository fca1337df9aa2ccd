"""How an event goes out: the referral as staff see it, signed with every secret in force, sent."""

import random
from functools import cache

from referrals.acts.delivering import Courier
from referrals.edge import clock, event_bus, service
from referrals.edge.models.events import shown
from referrals.edge.settings import settings
from referrals.edge.webhook_sender import Sender
from referrals.rules.events import Event
from referrals.rules.retries import Answer
from referrals.rules.webhook_signature import secret_of, signed
from referrals.store.webhook_endpoints import Endpoint


@cache
def sender() -> Sender:
    """One for the process: what it must trust takes a while to read."""
    return Sender(here=settings().here)


def usual_courier() -> Courier:
    """The one that functions send by. WrongSecret where receivers know another secret's."""
    return courier(service.hashing_secret(), sender(), settings().event_bus)


def courier(hashing_secret: bytes, sender: Sender, bus: str = "") -> Courier:
    """One that signs with secrets that follow from the hashing secret, at the clock's time."""

    def send(endpoint: Endpoint, event: Event) -> Answer:
        if endpoint.is_bus:
            return event_bus.put(bus, event)
        now, body = clock.now(), event.body()
        assert endpoint.url is not None
        secrets = [secret_of(hashing_secret, endpoint.id, salt) for salt in endpoint.salts(now)]
        return sender.send(endpoint.url, signed(event.id, body, now, secrets), body)

    return Courier(view=shown, send=send, now=clock.now, luck=random.random)
