"""GET /admin/referrals/series: growth staff see the funnel day by day, or hour by hour."""

from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.bounds import FROM, TO, bounds
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.stats import SeriesAnswer, StepView
from referrals.edge.settings import settings
from referrals.rules.clicks import sanitized_label
from referrals.rules.funnel import stats
from referrals.views.funnel import count_each
from referrals.views.series import Grain, steps

SINCE = f"{FROM} Left out: so that there are thirty."

app = api()


@app.get(f"{PREFIX}/admin/referrals/series")
def referral_series(
    grain: Annotated[Grain, Query()] = Grain.DAY,
    start: Annotated[str | None, Query(alias="from", description=SINCE)] = None,
    end: Annotated[str | None, Query(alias="to", description=TO)] = None,
    campaign: Annotated[str | None, Query()] = None,
) -> Envelope[SeriesAnswer]:
    (since, until), now = bounds(start, end), clock.now()
    spans = steps(grain, since, until, now)
    counted = count_each(
        service.table(), spans, sanitized_label(campaign), now, settings().clicks_kept
    )
    items = [
        StepView(start=span.start, end=span.end, **stats(clicks, cohort))
        for span, (clicks, cohort) in zip(spans, counted, strict=True)
    ]
    return Envelope(data=SeriesAnswer(items=items))


handler = serve(app, allow(ADMIN))
