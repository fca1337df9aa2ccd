"""GET /admin/referrals/stats: growth staff read the funnel."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.bounds import FROM, TO, bounds
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.stats import StatsAnswer
from referrals.edge.settings import settings
from referrals.rules.clicks import sanitized_label
from referrals.rules.funnel import stats
from referrals.views.funnel import Span, count

SINCE = f"{FROM} Left out: since the beginning."

app = api()


@app.get(f"{PREFIX}/admin/referrals/stats")
def referral_stats(
    start: Annotated[str | None, Query(alias="from", description=SINCE)] = None,
    end: Annotated[str | None, Query(alias="to", description=TO)] = None,
    campaign: Annotated[str | None, Query()] = None,
) -> Envelope[StatsAnswer]:
    (since, until), now = bounds(start, end), clock.now()
    clicks, cohort = count(
        service.table(),
        Span.between(since, until, now),
        sanitized_label(campaign),
        now,
        settings().clicks_kept,
    )
    return Envelope(data=StatsAnswer(**stats(clicks, cohort)))


handler = serve(app, allow(ADMIN))
