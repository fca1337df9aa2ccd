"""POST /admin/accounts/{user_id}/plan: another plan, or overage switched, at once."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Path, api, serve
from referrals.edge.models.accounts import AccountView, PlanRequest
from referrals.edge.models.envelope import Envelope, UserId
from referrals.store.metering import account_of, set_plan

app = api()


@app.post(f"{PREFIX}/admin/accounts/<user_id>/plan")
def change_plan(user_id: Annotated[UserId, Path()], body: PlanRequest) -> Envelope[AccountView]:
    set_plan(service.table(), user_id, body.plan, overage=body.overage)
    account = account_of(service.table(), user_id, clock.now())
    return Envelope(data=AccountView.of(user_id, account))


handler = serve(app, allow(ADMIN))
