"""The funnel."""

from pydantic import BaseModel


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
