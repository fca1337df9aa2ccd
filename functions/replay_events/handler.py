"""POST /admin/webhook-endpoints/{id}/replay: what happened from a time on is sent there again."""

from datetime import datetime
from typing import Annotated

from referrals.acts.replaying import replay
from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.cursors import opened, sealed
from referrals.edge.http import PREFIX, Path, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhook_endpoints import EndpointId, ReplayAnswer
from referrals.rules.errors import InvalidRequest
from referrals.rules.times import parse_timestamp
from referrals.store.walk import Seen
from referrals.store.webhook_endpoints import listen_from, sent_to

app = api()


@app.post(f"{PREFIX}/admin/webhook-endpoints/<endpoint_id>/replay")
def replay_events(
    endpoint_id: Annotated[EndpointId, Path()],
    since: Annotated[str, Query(alias="from")],
    cursor: Annotated[str | None, Query()] = None,
) -> Envelope[ReplayAnswer]:
    now, secret, scope = clock.now(), service.hashing_secret(), f"replay {endpoint_id} {since}"
    begin = _past(since, now)
    lane, seen = opened(secret, scope, cursor) if cursor else ("0", "")
    sent_to(service.table(), endpoint_id)
    listen_from(service.table(), endpoint_id, begin)
    done = replay(service.table(), endpoint_id, begin, now, Seen(int(lane), seen))
    following = done.seen and sealed(secret, scope, (str(done.seen.lane), done.seen.key))
    return Envelope(data=ReplayAnswer(referrals=done.referrals, next_cursor=following))


def _past(text: str, now: datetime) -> datetime:
    try:
        found = parse_timestamp(text)
    except ValueError as error:
        raise InvalidRequest.field("from", str(error)) from error
    if found > now:
        raise InvalidRequest.field("from", "must not be in the future")
    return found


handler = serve(app, allow(ADMIN))
