"""Attributions with their rewards, as support staff see them."""

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.attributions import AttributionView
from referrals.edge.models.envelope import Time
from referrals.rules.attribution import Attribution, Reward, Role

SOUGHT = (
    "An exact id: a user's (either side), a code, a referral's, an invoice's, a payment intent's, "
    "a charge's or a Stripe customer's."
)


class RewardView(BaseModel):
    """A reward as support staff see it; absent values are left out."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    attribution_id: str
    role: Role
    user_id: str
    credits: int
    credits_grant_key: str
    credits_granted_at: Time | None = None
    credits_grant_error: str | None = None
    stripe_invoice_id: str | None = None
    created_at: Time
    # Where they are granted, and what holds them there; the ledger's say nothing.
    backend: str | None = None
    outside_id: str | None = None


class ReferralView(BaseModel):
    """An attribution with its rewards."""

    attribution: AttributionView
    rewards: list[RewardView]

    @classmethod
    def of(cls, attribution: Attribution) -> "ReferralView":
        """The view of one attribution."""
        return cls(
            attribution=AttributionView.model_validate(attribution),
            rewards=[_reward_view(reward) for reward in attribution.rewards],
        )


def _reward_view(reward: Reward) -> RewardView:
    return RewardView.model_validate(reward)


class ReferralPage(BaseModel):
    """A page of referrals, newest first."""

    items: list[ReferralView]
    next_cursor: str | None = None
