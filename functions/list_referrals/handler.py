"""GET /admin/referrals: support staff look for referrals."""

from typing import Annotated, Literal

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.cursors import opened, sealed
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope, UserId
from referrals.edge.models.referrals import SOUGHT, ReferralPage, ReferralView
from referrals.rules.attribution import Status
from referrals.rules.clicks import sanitized_label
from referrals.views.listing import Filters, page
from referrals.views.search import LONGEST_ID

LARGEST_PAGE = 100

app = api()


@app.get(f"{PREFIX}/admin/referrals")
def list_referrals(
    q: Annotated[str | None, Query(min_length=1, max_length=LONGEST_ID, description=SOUGHT)] = None,
    user_id: Annotated[UserId | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    campaign: Annotated[str | None, Query()] = None,
    pending_grant: Annotated[bool | None, Query()] = None,
    order: Annotated[Literal["newest", "oldest"], Query()] = "newest",
    limit: Annotated[int, Query(ge=1)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Envelope[ReferralPage]:
    filters = Filters(
        q=q,
        user_id=user_id,
        status=status,
        campaign=sanitized_label(campaign),
        pending_grant=pending_grant,
    )
    secret, scope = service.hashing_secret(), f"referrals {filters} {order}"
    found, following = page(
        service.table(),
        secret,
        filters,
        min(limit, LARGEST_PAGE),
        after=opened(secret, scope, cursor)[:2] if cursor else None,
        newest_first=order == "newest",
    )
    return Envelope(
        data=ReferralPage(
            items=[ReferralView.of(attribution) for attribution in found],
            next_cursor=sealed(secret, scope, following) if following else None,
        )
    )


handler = serve(app, allow(ADMIN))
