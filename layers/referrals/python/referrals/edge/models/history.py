"""All that happened to a referral."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.envelope import Time
from referrals.edge.models.referrals import ReferralView
from referrals.rules.attribution import Attribution, AuditEntry, Status
from referrals.rules.claims import UnmatchedClaim


class AuditView(BaseModel):
    """One step of an attribution's life."""

    model_config = ConfigDict(from_attributes=True)

    at: Time
    by: str
    from_status: Status | None = None
    to_status: Status
    why: str


class ClaimView(BaseModel):
    """A refund, dispute or warning of the referred user's that is on no known invoice."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    id: str
    amount: int | None = None
    currency: str | None = None
    charge_id: str | None = None
    payment_intent_id: str | None = None


class ReferralHistory(ReferralView):
    """An attribution with its rewards, all that happened to it, in order, and what may yet."""

    audit: list[AuditView]
    unmatched_claims: list[ClaimView]

    @classmethod
    def of_referral(
        cls,
        attribution: Attribution,
        audit: Sequence[AuditEntry],
        claims: Sequence[UnmatchedClaim],
    ) -> "ReferralHistory":
        """The view of one attribution with its trail, and the claims that nothing places."""
        referral = ReferralView.of(attribution)
        return cls(
            attribution=referral.attribution,
            rewards=referral.rewards,
            audit=[AuditView.model_validate(entry) for entry in audit],
            unmatched_claims=[ClaimView.model_validate(claim) for claim in claims],
        )
