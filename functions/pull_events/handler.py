"""GET /admin/events: who is behind a firewall asks for events, and goes on where they ended."""

from typing import Annotated

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.cursors import opened, sealed
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.events import EventsAnswer, EventView, shown
from referrals.edge.models.webhook_endpoints import EndpointId
from referrals.store import webhook_endpoints
from referrals.views.feed import BEGINNING, Next, page

LARGEST_PAGE = 100

app = api()


@app.get(f"{PREFIX}/admin/events")
def pull_events(
    endpoint: Annotated[EndpointId, Query()],
    after: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1)] = 50,
) -> Envelope[EventsAnswer]:
    table, secret, scope = service.table(), service.hashing_secret(), f"events {endpoint}"
    place = Next(*map(int, opened(secret, scope, after, "after"))) if after else BEGINNING
    webhook_endpoints.asking(table, endpoint)
    found = page(table, endpoint, place, min(limit, LARGEST_PAGE), shown)
    return Envelope(
        data=EventsAnswer(
            items=[EventView.of(event) for event in found.events],
            next_cursor=sealed(secret, scope, tuple(map(str, found.following))),
            more=found.more,
        )
    )


handler = serve(app, allow(ADMIN))
