"""Who is to be forgotten, and what was done."""

from typing import Literal

from pydantic import BaseModel, Field

from referrals.edge.models.envelope import Request


class ErasureRequest(Request):
    """The address, where known, by which the same person is recognised under another id."""

    email: str | None = Field(default=None, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")


class ErasureAnswer(BaseModel):
    """What stands for the person now, how much was rewritten, and what is left.

    Where something is left, the same call goes on; a daily run finishes it by itself.
    """

    user_id: str
    attributions: int
    bookings: int
    left: list[Literal["referrals", "bookings"]]
