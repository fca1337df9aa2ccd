"""What all requests and answers have in common."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints

from referrals.rules.ids import LONGEST_USER_ID, USER_ID_FORM
from referrals.rules.times import timestamp

T = TypeVar("T")

Time = Annotated[
    datetime, PlainSerializer(timestamp, return_type=str, when_used="json-unless-none")
]
UserId = Annotated[
    str, StringConstraints(max_length=LONGEST_USER_ID, pattern=f"^{USER_ID_FORM.pattern}$")
]


class Envelope(BaseModel, Generic[T]):
    """What every answer comes in."""

    code: int = 200
    msg: str = "ok"
    data: T


class Request(BaseModel):
    """A request's body: types are not guessed, unknown fields are let be."""

    model_config = ConfigDict(strict=True, extra="ignore")
