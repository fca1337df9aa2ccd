"""Who is to be forgotten, and what was done."""

from pydantic import BaseModel, Field

from referrals.edge.models.envelope import Request


class ErasureRequest(Request):
    """The address, where known, by which the same person is recognised under another id."""

    email: str | None = Field(default=None, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")


class ErasureAnswer(BaseModel):
    """What stands for the person now, and how much was rewritten."""

    user_id: str
    attributions: int
    bookings: int
