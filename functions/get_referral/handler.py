"""GET /admin/referrals/{id}: one referral with all that is known of it."""

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.history import ReferralHistory
from referrals.edge.settings import settings
from referrals.rules.errors import NotFound
from referrals.views.story import story

app = api()


@app.get(f"{PREFIX}/admin/referrals/<attribution_id>")
def get_referral(attribution_id: str) -> Envelope[ReferralHistory]:
    programme = settings().programme
    found = story(service.table(), service.hashing_secret(), attribution_id, programme)
    if found is None:
        raise NotFound("no such attribution")
    return Envelope(data=ReferralHistory.of_story(found, programme.risk_rules))


handler = serve(app, allow(ADMIN))
