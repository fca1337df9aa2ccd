"""Visitors: who sent a request, as keyed hashes that cannot be turned back."""

from dataclasses import dataclass

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from referrals.edge.settings import settings
from referrals.rules.addresses import visitor_address
from referrals.rules.ids import ip_hash, keyed_hash


@dataclass(frozen=True)
class Visitor:
    """Keyed hashes of an address and an agent; the raw values end here."""

    ip_hash: str | None
    user_agent_hash: str | None


def of(app: APIGatewayHttpResolver, secret: bytes) -> Visitor:
    """The visitor behind the current request."""
    # Powertools' own view of an event is made anew for every look at it.
    event = app.current_event.raw_event
    agent = event["headers"].get("user-agent")
    address = visitor_address(
        event["requestContext"]["http"].get("sourceIp") or "",
        event["headers"].get("x-forwarded-for") or "",
        settings().trusted_proxies,
    )
    return Visitor(
        ip_hash=ip_hash(secret, address),
        user_agent_hash=keyed_hash(secret, "user-agent", agent) if agent else None,
    )
