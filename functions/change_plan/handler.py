"""POST /admin/accounts/{user_id}/plan: another plan, or overage switched, at once."""

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.accounts import AccountView, PlanRequest
from referrals.edge.models.envelope import Envelope
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import USER_ID_FORM
from referrals.store.metering import account_of, set_plan

app = api()


@app.post(f"{PREFIX}/admin/accounts/<user_id>/plan")
def change_plan(user_id: str, body: PlanRequest) -> Envelope[AccountView]:
    if not USER_ID_FORM.fullmatch(user_id):
        raise InvalidRequest.field("user_id", "not a user id")
    set_plan(service.table(), user_id, body.plan, overage=body.overage)
    account = account_of(service.table(), user_id, clock.now())
    return Envelope(data=AccountView.of(user_id, account))


handler = serve(app, allow(ADMIN))
