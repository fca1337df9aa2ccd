"""All that happened to a referral."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.envelope import Time
from referrals.edge.models.referrals import ReferralView
from referrals.rules.attribution import Attribution, AuditEntry, Status


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
    def with_audit(cls, attribution: Attribution, audit: Sequence[AuditEntry]) -> "ReferralHistory":
        """The view of one attribution with its trail."""
        referral = ReferralView.of(attribution)
        return cls(
            attribution=referral.attribution,
            rewards=referral.rewards,
            audit=[AuditView.model_validate(entry) for entry in audit],
        )
