"""An attribution alone: a signup's answer need not build what a list does."""

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.envelope import Time
from referrals.rules.attribution import Status


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
