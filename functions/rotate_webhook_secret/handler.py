"""POST /admin/webhook-endpoints/{id}/rotate: a new secret; the old one goes on for a day."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Path, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import EndpointId, EndpointWithSecret
from referrals.rules.webhook_signature import secret_of
from referrals.store.webhook_endpoints import rotate

app = api()


@app.post(f"{PREFIX}/admin/webhook-endpoints/<endpoint_id>/rotate")
def rotate_webhook_secret(
    endpoint_id: Annotated[EndpointId, Path()],
) -> Envelope[EndpointWithSecret]:
    hashing_secret = service.hashing_secret()
    endpoint = rotate(service.table(), endpoint_id, clock.new_salt(), clock.now())
    secret = secret_of(hashing_secret, endpoint.id, endpoint.salt)
    return Envelope(data=EndpointWithSecret.with_secret(endpoint, secret))


handler = serve(app, allow(ADMIN))
