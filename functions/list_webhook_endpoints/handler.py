"""GET /admin/webhook-endpoints: who listens for events, and who was switched off, when and why."""

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import EndpointsAnswer, EndpointView
from referrals.store import webhook_endpoints

app = api()


@app.get(f"{PREFIX}/admin/webhook-endpoints")
def list_webhook_endpoints() -> Envelope[EndpointsAnswer]:
    found = webhook_endpoints.every(service.table())
    return Envelope(data=EndpointsAnswer(items=[EndpointView.of(one) for one in found]))


handler = serve(app, allow(ADMIN))
