"""GET /admin/referrers: growth staff see whose codes brought the most signups."""

from collections.abc import Mapping
from typing import Annotated

from referrals.edge import service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.stats import ReferrersAnswer, ReferrerView
from referrals.rules.funnel import rate
from referrals.store.codes import Code
from referrals.views.referrers import ranked

LARGEST_PAGE = 50

app = api()


@app.get(f"{PREFIX}/admin/referrers")
def rank_referrers(limit: Annotated[int, Query(ge=1)] = 10) -> Envelope[ReferrersAnswer]:
    found = ranked(service.table(), min(limit, LARGEST_PAGE))
    items = [_view(code, figures) for code, figures in found.items]
    return Envelope(data=ReferrersAnswer(items=items, ranked_at=found.at))


def _view(code: Code, figures: Mapping[str, int]) -> ReferrerView:
    return ReferrerView(
        code=code.code,
        user_id=code.user_id,
        disabled=code.disabled,
        attributed_signups=figures["attributed"],
        qualified_referrals=figures["qualified"],
        review_required=figures["review_required"],
        rewarded_referrals=figures["rewarded"],
        capped_referrals=figures["capped"],
        expired_referrals=figures["expired"],
        rejected_referrals=figures["rejected"],
        qualification_rate=rate(figures["qualified"], figures["attributed"]),
        reward_rate=rate(figures["rewarded"], figures["attributed"]),
    )


handler = serve(app, allow(ADMIN))
