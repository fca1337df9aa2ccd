"""GET /admin/health: what ran, what waits, what Stripe last said, and the settings in force."""

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.health import HealthAnswer
from referrals.edge.settings import settings
from referrals.views.health import health

app = api()


@app.get(f"{PREFIX}/admin/health")
def get_health() -> Envelope[HealthAnswer]:
    return Envelope(data=HealthAnswer.of(health(service.table()), settings()))


handler = serve(app, allow(ADMIN))
