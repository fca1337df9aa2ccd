"""POST /admin/webhook-endpoints: somebody listens from now on; their secret is shown this once."""

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import EndpointRequest, EndpointWithSecret
from referrals.edge.settings import settings
from referrals.rules.errors import InvalidRequest
from referrals.rules.events import EventType
from referrals.rules.webhook_signature import secret_of
from referrals.rules.webhook_urls import checked
from referrals.store import webhook_endpoints
from referrals.store.webhook_endpoints import Endpoint

app = api()


@app.post(f"{PREFIX}/admin/webhook-endpoints")
def create_webhook_endpoint(body: EndpointRequest) -> Envelope[EndpointWithSecret]:
    if EventType.CLICKED in body.types and not settings().click_events:
        raise InvalidRequest.field("types", "clicks are told of where ClickEvents is true")
    now = clock.now()
    endpoint = Endpoint(
        id=f"we_{clock.new_ulid(now)}",
        url=checked(body.url, here=settings().here) if body.url else None,
        types=frozenset(body.types),
        since=now,
        created_at=now,
        salt=clock.new_salt(),
    )
    secret = endpoint.url and secret_of(service.hashing_secret(), endpoint.id, endpoint.salt)
    webhook_endpoints.create(service.table(), endpoint)
    return Envelope(data=EndpointWithSecret.with_secret(endpoint, secret))


handler = serve(app, allow(ADMIN))
