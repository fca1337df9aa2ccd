"""DELETE /admin/webhook-endpoints/{id}: somebody listens no more; again is the same answer."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Path, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import DeletedAnswer, EndpointId
from referrals.store import webhook_endpoints

app = api()


@app.delete(f"{PREFIX}/admin/webhook-endpoints/<endpoint_id>")
def delete_webhook_endpoint(endpoint_id: Annotated[EndpointId, Path()]) -> Envelope[DeletedAnswer]:
    webhook_endpoints.delete(service.table(), endpoint_id, clock.now())
    return Envelope(data=DeletedAnswer(id=endpoint_id))


handler = serve(app, allow(ADMIN))
