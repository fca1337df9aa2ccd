"""POST /admin/referrals/{id}/approve: support staff accept a referral that waits for review."""

from referrals.acts.review import approve
from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow, caller
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.referrals import ReferralView
from referrals.edge.models.reviews import ReasonRequest
from referrals.edge.settings import settings
from referrals.edge.telemetry import count_outcomes
from referrals.rules.attribution import Actor

app = api()


@app.post(f"{PREFIX}/admin/referrals/<attribution_id>/approve")
def approve_referral(attribution_id: str, body: ReasonRequest) -> Envelope[ReferralView]:
    actor = Actor(name=caller(app).name, at=clock.now(), why=body.reason or "")
    outcome = approve(service.table_of_money(), attribution_id, settings().programme, actor)
    count_outcomes([outcome])
    return Envelope(data=ReferralView.of(outcome.attribution))


handler = serve(app, allow(ADMIN))
