"""A referral code, and what staff decided on it."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.envelope import Time
from referrals.store.codes import Standing


class CodeDecisionView(BaseModel):
    """Who disabled or enabled it, when and why."""

    model_config = ConfigDict(from_attributes=True)

    at: Time
    by: str
    disabled: bool
    why: str


class CodeView(BaseModel):
    """A code and whose it is, with the last twenty decisions on it, newest first."""

    code: str
    user_id: str
    disabled: bool
    decisions: list[CodeDecisionView]

    @classmethod
    def of(cls, known: Standing) -> Self:
        """The view of a code as it stands."""
        return cls(
            code=known.code.code,
            user_id=known.code.user_id,
            disabled=known.code.disabled,
            decisions=[CodeDecisionView.model_validate(one) for one in known.decided],
        )
