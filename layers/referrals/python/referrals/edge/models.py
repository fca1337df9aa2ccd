"""The shapes of requests and answers: checked on the way in and out, and the source of OpenAPI."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from referrals.rules import explain
from referrals.rules.attribution import Attribution, AuditEntry, Reward, Role, Status
from referrals.rules.credits import Account
from referrals.rules.times import timestamp

T = TypeVar("T")

Time = Annotated[
    datetime, PlainSerializer(timestamp, return_type=str, when_used="json-unless-none")
]
UserId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f#]+$")]


class Envelope(BaseModel, Generic[T]):
    """What every answer comes in."""

    code: int = 200
    msg: str = "ok"
    data: T


class Request(BaseModel):
    """A request's body: types are not guessed, unknown fields are let be."""

    model_config = ConfigDict(strict=True, extra="ignore")


class ClickRequest(Request):
    """A visit through a referral link."""

    code: str = Field(max_length=64)
    click_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{6,64}$")
    landing_path: str | None = None
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None


class ClickAnswer(BaseModel):
    """The id to hand in at signup."""

    click_id: str
    code: str


class SignupRequest(Request):
    """A new user, with the click and/or the code that brought them."""

    user_id: UserId
    click_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{6,64}$")
    code: str | None = None
    email: str | None = Field(default=None, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")
    stripe_customer_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,64}$")


class ReasonRequest(Request):
    """Why a reviewer decided as they did."""

    reason: str | None = Field(default=None, max_length=500)


class AttributionView(BaseModel):
    """An attribution as support staff see it; absent values are left out."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    code: str
    click_id: str | None = None
    referrer_user_id: str
    referred_user_id: str
    status: Status
    landing_path: str | None = None
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    created_at: Time
    expires_at: Time
    qualified_at: Time | None = None
    rewarded_at: Time | None = None
    first_paid_invoice_id: str | None = None
    stripe_event_id: str | None = None
    stripe_invoice_id: str | None = None
    risk_flags: list[str] = []
    review_reason: str | None = None
    reviewed_at: Time | None = None
    reviewed_by: str | None = None
    skip_reason: str | None = None
    error: str | None = None


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


class AuditView(BaseModel):
    """One step of an attribution's life."""

    model_config = ConfigDict(from_attributes=True)

    at: Time
    by: str
    from_status: Status | None = None
    to_status: Status
    why: str


class ReferralHistory(ReferralView):
    """An attribution with its rewards and all that happened to it, in order."""

    audit: list[AuditView]

    @classmethod
    def with_audit(cls, attribution: Attribution, audit: list[AuditEntry]) -> "ReferralHistory":
        """The view of one attribution with its trail."""
        referral = ReferralView.of(attribution)
        return cls(
            attribution=referral.attribution,
            rewards=referral.rewards,
            audit=[AuditView.model_validate(entry) for entry in audit],
        )


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


class RecoverAnswer(BaseModel):
    """What one recovery did."""

    attempted: int
    recovered: int
    errors: list[str]


class WebhookAnswer(BaseModel):
    """What became of a Stripe event."""

    received: bool = True
    handled: bool


class MemberEvent(BaseModel):
    """One referral as the user on one side sees it."""

    id: str
    role: Role
    status: Status
    code: str
    campaign: str | None = None
    reward_credits: int | None = None
    reason: str
    pays_at: Time | None = None
    created_at: Time
    expires_at: Time
    qualified_at: Time | None = None
    rewarded_at: Time | None = None

    @classmethod
    def of(cls, role: Role, attribution: Attribution) -> "MemberEvent":
        """The view of one side."""
        reward = explain.reward_of(attribution, role)
        return cls(
            id=attribution.id,
            role=role,
            status=attribution.status,
            code=attribution.code,
            campaign=attribution.utm_campaign,
            reward_credits=reward.credits if reward else None,
            reason=explain.reason(attribution, role),
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


class ErasureRequest(Request):
    """The address, where known, by which the same person is recognised under another id."""

    email: str | None = Field(default=None, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")


class ErasureAnswer(BaseModel):
    """What stands for the person now, and how much was rewritten."""

    user_id: str
    attributions: int
    bookings: int


class PlanRequest(Request):
    """The plan to put an account on."""

    plan: Literal["free", "starter", "growth", "pro", "business", "enterprise"]
    overage: bool = False


class LedgerView(BaseModel):
    """One booking of granted credits."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    kind: str
    credits: int
    shortfall: int = 0
    attribution_id: str
    at: Time


class WindowView(BaseModel):
    """Use within one UTC window; no limit where the plan has none."""

    window: str
    used: int
    limit: int | None = None


class AccountView(BaseModel):
    """A user's plan, use and granted credits."""

    user_id: str
    plan: str
    overage: bool
    included_left: int
    granted_left: int
    granted_spent: int
    overage_used: int
    minute: WindowView
    day: WindowView
    month: WindowView

    @classmethod
    def of(cls, user_id: str, account: Account) -> "AccountView":
        """The view of an account in today's windows."""
        plan = account.plan
        return cls(
            user_id=user_id,
            plan=plan.name,
            overage=plan.allows_overage(enabled=account.overage_enabled),
            included_left=max(plan.included - account.included_used, 0),
            granted_left=account.balance,
            granted_spent=account.spent,
            overage_used=account.overage_used,
            minute=WindowView(
                window=account.minute, used=account.minute_used, limit=plan.per_minute
            ),
            day=WindowView(window=account.day, used=account.day_used, limit=plan.daily_cap),
            month=WindowView(window=account.month, used=account.month_used, limit=plan.included),
        )


class AccountPage(BaseModel):
    """An account with a page of its ledger, in the order of its keys."""

    account: AccountView
    ledger: list[LedgerView]
    next_cursor: str | None = None


class Member(BaseModel):
    """What a user sees of the programme."""

    code: str
    share_path: str
    attribution_window_days: int
    monthly_referrer_reward_cap: int
    reward_credits: int
    referred_reward_credits: int
    stats: MemberStats
    credits: AccountView
    items: list[MemberEvent]
