"""GET /admin/webhook-endpoints/{id}/deliveries: what has not arrived there, since when, and why."""

from typing import Annotated

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Path, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import (
    DeliveriesAnswer,
    DeliveryView,
    EndpointId,
    EndpointView,
)
from referrals.store import deliveries, webhook_endpoints

LARGEST_PAGE = 100

app = api()


@app.get(f"{PREFIX}/admin/webhook-endpoints/<endpoint_id>/deliveries")
def list_deliveries(
    endpoint_id: Annotated[EndpointId, Path()], limit: Annotated[int, Query(ge=1)] = 50
) -> Envelope[DeliveriesAnswer]:
    endpoint = webhook_endpoints.known(service.table(), endpoint_id)
    found, more = deliveries.stuck(service.table(), endpoint_id, min(limit, LARGEST_PAGE))
    return Envelope(
        data=DeliveriesAnswer(
            endpoint=EndpointView.of(endpoint),
            items=[DeliveryView.model_validate(one) for one in found],
            more=more,
        )
    )


handler = serve(app, allow(ADMIN))
