"""POST /admin/webhook-endpoints/{id}/test: a receiver is sent an event of nothing, at once."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Path, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import EndpointId, TestAnswer
from referrals.edge.webhook_courier import usual_courier
from referrals.rules.events import test_event
from referrals.store import webhook_endpoints

app = api()


@app.post(f"{PREFIX}/admin/webhook-endpoints/<endpoint_id>/test")
def send_test_event(endpoint_id: Annotated[EndpointId, Path()]) -> Envelope[TestAnswer]:
    courier, now = usual_courier(), clock.now()
    endpoint = webhook_endpoints.sent_to(service.table(), endpoint_id)
    answer = courier.send(endpoint, test_event(str(clock.new_ulid(now)), now))
    return Envelope(data=TestAnswer(arrived=answer.arrived, told=answer.told))


handler = serve(app, allow(ADMIN))
