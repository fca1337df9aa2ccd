"""GET /admin/accounts/{user_id}: a user's plan, code, use by window, granted credits and ledger."""

from typing import Annotated

from referrals.dynamodb.side_by_side import together
from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.cursors import opened, sealed
from referrals.edge.http import PREFIX, Path, Query, api, serve
from referrals.edge.models.accounts import AccountPage, AccountView
from referrals.edge.models.codes import CodeView
from referrals.edge.models.envelope import Envelope, UserId
from referrals.edge.models.ledger import LedgerView
from referrals.store import codes, use
from referrals.store.accounts import ledger_page
from referrals.store.metering import account_of

LARGEST_PAGE = 100

app = api()


@app.get(f"{PREFIX}/admin/accounts/<user_id>")
def get_account(
    user_id: Annotated[UserId, Path()],
    limit: Annotated[int, Query(ge=1)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Envelope[AccountPage]:
    secret, scope = service.hashing_secret(), f"ledger {user_id}"
    after = opened(secret, scope, cursor) if cursor else None
    table, now = service.table(), clock.now()
    (bookings, following), account, service_used, code = together(
        lambda: ledger_page(table, user_id, min(limit, LARGEST_PAGE), after),
        lambda: account_of(table, user_id, now),
        lambda: use.of_month(table, user_id, now),
        lambda: codes.standing_of(table, user_id),
    )
    return Envelope(
        data=AccountPage(
            account=AccountView.of(user_id, account),
            code=CodeView.of(code) if code else None,
            service_used=service_used,
            ledger=[LedgerView.model_validate(entry) for entry in bookings],
            next_cursor=sealed(secret, scope, following) if following else None,
        )
    )


handler = serve(app, allow(ADMIN))
