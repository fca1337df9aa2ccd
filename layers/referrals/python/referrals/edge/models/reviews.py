"""What a reviewer says."""

from pydantic import Field

from referrals.edge.models.envelope import Request


class ReasonRequest(Request):
    """Why a reviewer decided as they did."""

    reason: str | None = Field(default=None, max_length=500)
