"""GET /admin/campaigns: growth staff see which campaigns brought the most signups."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.bounds import FROM, TO, bounds
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.stats import CampaignsAnswer, CampaignView
from referrals.edge.settings import settings
from referrals.rules.funnel import stats
from referrals.views.campaigns import ranked
from referrals.views.funnel import Span

SINCE = f"{FROM} Left out: since the beginning."
LARGEST_PAGE = 100

app = api()


@app.get(f"{PREFIX}/admin/campaigns")
def rank_campaigns(
    start: Annotated[str | None, Query(alias="from", description=SINCE)] = None,
    end: Annotated[str | None, Query(alias="to", description=TO)] = None,
    limit: Annotated[int, Query(ge=1)] = 25,
) -> Envelope[CampaignsAnswer]:
    (since, until), now = bounds(start, end), clock.now()
    found = ranked(
        service.table(),
        Span.between(since, until, now),
        now,
        settings().clicks_kept,
        limit=min(limit, LARGEST_PAGE),
    )
    items = [
        CampaignView(campaign=name, **stats(clicks, cohort)) for name, clicks, cohort in found.items
    ]
    return Envelope(data=CampaignsAnswer(items=items, complete=found.complete))


handler = serve(app, allow(ADMIN))
