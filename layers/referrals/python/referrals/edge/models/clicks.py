"""A visit, and the id that it got."""

from pydantic import BaseModel, ConfigDict, Field

from referrals.edge.models.envelope import Request, Time


class ClickRequest(Request):
    """A visit through a referral link."""

    code: str = Field(max_length=64)
    click_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{6,64}$")
    landing_path: str | None = None
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None


class ClickView(BaseModel):
    """A click as who listens is told of it: without what tells one visitor from another."""

    model_config = ConfigDict(from_attributes=True)

    click_id: str
    code: str
    clicked_at: Time
    landing_path: str | None = None
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None


class ClickAnswer(BaseModel):
    """The id to hand in at signup."""

    click_id: str
    code: str
