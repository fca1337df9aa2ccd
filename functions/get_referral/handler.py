"""GET /admin/referrals/{id}: one referral with all that happened to it."""

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.history import ReferralHistory
from referrals.rules.errors import NotFound
from referrals.store import attributions
from referrals.views.claims import unmatched_claims

app = api()


@app.get(f"{PREFIX}/admin/referrals/<attribution_id>")
def get_referral(attribution_id: str) -> Envelope[ReferralHistory]:
    found = attributions.history(service.table(), attribution_id)
    if found is None:
        raise NotFound("no such attribution")
    claims = unmatched_claims(service.table(), found.attribution)
    return Envelope(data=ReferralHistory.of_referral(found.attribution, found.audit, claims))


handler = serve(app, allow(ADMIN))
