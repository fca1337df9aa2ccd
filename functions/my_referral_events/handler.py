"""GET /referrals/me/events: a user's referrals on either side, newest first."""

from typing import Annotated

from referrals.edge import service
from referrals.edge.auth import allow_user, caller
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.members import MemberEvent, MemberEvents
from referrals.views.members import newest

LARGEST_PAGE = 100

app = api()


@app.get(f"{PREFIX}/referrals/me/events")
def my_referral_events(limit: Annotated[int, Query(ge=1)] = 50) -> Envelope[MemberEvents]:
    user_id, secret = caller(app).user_id, service.hashing_secret()
    latest = newest(service.table(), secret, user_id, min(limit, LARGEST_PAGE))
    return Envelope(data=MemberEvents(items=[MemberEvent.of(role, one) for role, one in latest]))


handler = serve(app, allow_user)
