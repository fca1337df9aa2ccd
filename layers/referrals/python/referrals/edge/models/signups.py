"""A new user."""

from pydantic import Field

from referrals.edge.models.envelope import Request, UserId


class SignupRequest(Request):
    """A new user, with the click and/or the code that brought them."""

    user_id: UserId
    click_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{6,64}$")
    code: str | None = None
    email: str | None = Field(default=None, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")
    stripe_customer_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
