"""What a user sees of the programme."""

from pydantic import BaseModel

from referrals.edge.models.accounts import AccountView
from referrals.edge.models.envelope import Time
from referrals.rules import explain
from referrals.rules.attribution import Attribution, Role, Status


class MemberEvent(BaseModel):
    """One referral as the user on one side sees it."""

    id: str
    role: Role
    status: Status
    code: str
    campaign: str | None = None
    reward_credits: int | None = None
    reason: str
    reason_code: explain.Reason
    pays_at: Time | None = None
    created_at: Time
    expires_at: Time
    qualified_at: Time | None = None
    rewarded_at: Time | None = None

    @classmethod
    def of(cls, role: Role, attribution: Attribution) -> "MemberEvent":
        """The view of one side."""
        reward, reason = explain.reward_of(attribution, role), explain.reason(attribution, role)
        return cls(
            id=attribution.id,
            role=role,
            status=attribution.status,
            code=attribution.code,
            campaign=attribution.utm_campaign,
            reward_credits=reward.credits if reward else None,
            reason=explain.SENTENCES[reason],
            reason_code=reason,
            pays_at=explain.pays_at(attribution, role),
            created_at=attribution.created_at,
            expires_at=attribution.expires_at,
            qualified_at=attribution.qualified_at,
            rewarded_at=attribution.rewarded_at,
        )


class MemberEvents(BaseModel):
    """The user's referrals, newest first."""

    items: list[MemberEvent]


class MemberStats(BaseModel):
    """The referrals that the user made, by what they are."""

    attributed: int
    qualified: int
    review_required: int
    rewarded: int
    capped: int
    expired: int
    rejected: int


class Member(BaseModel):
    """What a user sees of the programme."""

    code: str
    share_path: str
    share_url: str | None = None
    attribution_window_days: int
    monthly_referrer_reward_cap: int
    reward_credits: int
    referred_reward_credits: int
    stats: MemberStats
    credits: AccountView
    items: list[MemberEvent]
