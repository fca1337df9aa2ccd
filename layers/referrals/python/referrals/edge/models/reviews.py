"""What a reviewer says, of one referral or of many."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator

from referrals.acts.review import Decided, Decision
from referrals.edge.models.envelope import Request, Time
from referrals.rules.attribution import Status
from referrals.rules.errors import StateConflict


class ReasonRequest(Request):
    """Why a reviewer decided as they did."""

    reason: str | None = Field(default=None, max_length=500)


class DecisionRequest(ReasonRequest):
    """A reviewer's word on one referral."""

    id: str = Field(min_length=1, max_length=128, pattern=r"^[ -~]+$")
    verdict: Literal["approve", "reject"]

    def decision(self) -> Decision:
        """As it is carried out."""
        approved = self.verdict == "approve"
        return Decision(attribution_id=self.id, approved=approved, why=self.reason or "")


class DecisionsRequest(Request):
    """Up to a hundred decisions, each on another referral.

    Sent again under the same `idempotency_key` they are answered as they were the first time.
    """

    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    decisions: list[DecisionRequest] = Field(min_length=1, max_length=100)

    @field_validator("decisions")
    @classmethod
    def one_each(cls, decisions: list[DecisionRequest]) -> list[DecisionRequest]:
        """Nobody can say yes and no to the same referral."""
        if len({one.id for one in decisions}) < len(decisions):
            raise ValueError("a referral is in it twice")
        return decisions


class DecidedView(BaseModel):
    """What came of one decision: `code` and `msg` are what it would have been answered alone."""

    id: str
    code: int
    msg: str
    status: Status | None = None
    reviewed_by: str | None = None
    reviewed_at: Time | None = None

    @classmethod
    def of(cls, decided: Decided) -> "DecidedView":
        """The view of a decision that was carried out or refused."""
        identity, refusal = decided.decision.attribution_id, decided.refusal
        if decided.outcome is not None:
            one = decided.outcome.attribution
            return cls(
                id=identity,
                code=200,
                msg="ok",
                status=one.status,
                reviewed_by=one.reviewed_by,
                reviewed_at=one.reviewed_at,
            )
        assert refusal is not None
        state = Status(refusal.state) if isinstance(refusal, StateConflict) else None
        return cls(id=identity, code=int(refusal.status), msg=refusal.message, status=state)


class DecisionsAnswer(BaseModel):
    """What came of each decision, in their order."""

    items: list[DecidedView]
