"""GET /admin/referrals.csv: staff take what they have filtered into a spreadsheet."""

from http import HTTPStatus
from typing import Annotated

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.cursors import opened, sealed
from referrals.edge.http import PREFIX, Query, Response, api, serve
from referrals.edge.models.envelope import UserId
from referrals.edge.models.export import lines
from referrals.edge.models.referrals import SOUGHT
from referrals.rules.attribution import Status
from referrals.rules.clicks import sanitized_label
from referrals.views.listing import Filters, page
from referrals.views.search import LONGEST_ID

LARGEST_PAGE = 1000

app = api()


@app.get(f"{PREFIX}/admin/referrals.csv")
def export_referrals(
    q: Annotated[str | None, Query(min_length=1, max_length=LONGEST_ID, description=SOUGHT)] = None,
    user_id: Annotated[UserId | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    campaign: Annotated[str | None, Query()] = None,
    pending_grant: Annotated[bool | None, Query()] = None,
    limit: Annotated[int, Query(ge=1)] = LARGEST_PAGE,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[str]:
    filters = Filters(
        q=q,
        user_id=user_id,
        status=status,
        campaign=sanitized_label(campaign),
        pending_grant=pending_grant,
    )
    secret, scope = service.hashing_secret(), f"export {filters}"
    # Oldest first: who comes meanwhile is on a page to come.
    found, following = page(
        service.table(),
        secret,
        filters,
        min(limit, LARGEST_PAGE),
        after=opened(secret, scope, cursor)[:2] if cursor else None,
        newest_first=False,
    )
    return Response(
        status_code=HTTPStatus.OK,
        content_type="text/csv; charset=utf-8",
        body=lines(found, header=cursor is None),
        headers={
            "Content-Disposition": 'attachment; filename="referrals.csv"',
            **({"X-Next-Cursor": sealed(secret, scope, following)} if following else {}),
        },
    )


handler = serve(app, allow(ADMIN))
