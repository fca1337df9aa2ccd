"""Bookings of credits; whoever shows them need not load what plans are made of."""

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.envelope import Time


class LedgerView(BaseModel):
    """One booking of granted credits."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    kind: str
    credits: int
    shortfall: int = 0
    attribution_id: str
    at: Time
    backend: str | None = None
    outside_id: str | None = None
