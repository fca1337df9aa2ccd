"""The funnel."""

from pydantic import BaseModel

from referrals.edge.models.envelope import Time


class StatsAnswer(BaseModel):
    """The funnel of a window: clicks by click time, attributions by creation time."""

    clicks: int
    attributed_signups: int
    qualified_referrals: int
    review_required: int
    rewarded_referrals: int
    capped_referrals: int
    rejected_referrals: int
    signup_rate: float
    qualification_rate: float
    reward_rate: float


class StepView(StatsAnswer):
    """The funnel of one day or hour of a series; the first and the last may be shorter."""

    start: Time
    end: Time


class SeriesAnswer(BaseModel):
    """The funnel of a window, step by step: they add up to the funnel of the whole."""

    items: list[StepView]


class CampaignView(StatsAnswer):
    """The funnel of one campaign."""

    campaign: str


class CampaignsAnswer(BaseModel):
    """Campaigns, the one with the most signups first; whether these are all that had any."""

    items: list[CampaignView]
    complete: bool


class ReferrerView(BaseModel):
    """What became of the signups by one code, since the beginning."""

    code: str
    user_id: str
    disabled: bool
    attributed_signups: int
    qualified_referrals: int
    review_required: int
    rewarded_referrals: int
    capped_referrals: int
    expired_referrals: int
    rejected_referrals: int
    qualification_rate: float
    reward_rate: float


class ReferrersAnswer(BaseModel):
    """Referrers, the one with the most signups first, by all signups up to `ranked_at`."""

    items: list[ReferrerView]
    ranked_at: Time | None = None
