"""GET /admin/referrals/stats: growth staff read the funnel."""

from datetime import datetime
from typing import Annotated

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.stats import StatsAnswer
from referrals.edge.settings import settings
from referrals.rules.clicks import sanitized_label
from referrals.rules.errors import InvalidRequest
from referrals.rules.funnel import stats
from referrals.rules.times import parse_timestamp
from referrals.views.funnel import Span, count

FROM = "RFC 3339 with an offset, inclusive. Left out: since the beginning."
TO = "RFC 3339 with an offset, exclusive. Left out: until now."

app = api()


@app.get(f"{PREFIX}/admin/referrals/stats")
def referral_stats(
    start: Annotated[str | None, Query(alias="from", description=FROM)] = None,
    end: Annotated[str | None, Query(alias="to", description=TO)] = None,
    campaign: Annotated[str | None, Query()] = None,
) -> Envelope[StatsAnswer]:
    since, until, now = _bound("from", start), _bound("to", end), clock.now()
    if since and until and since > until:
        raise InvalidRequest.field("from", "must not be after `to`")
    clicks, cohort = count(
        service.table(),
        Span.between(since, until, now),
        sanitized_label(campaign),
        now,
        settings().clicks_kept,
    )
    return Envelope(data=StatsAnswer(**stats(clicks, cohort)))


def _bound(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_timestamp(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest.field(name, str(error)) from error


handler = serve(app, allow(ADMIN))
