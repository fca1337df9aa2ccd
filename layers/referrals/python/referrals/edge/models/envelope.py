"""What all requests and answers have in common."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from referrals.rules.times import timestamp

T = TypeVar("T")

Time = Annotated[
    datetime, PlainSerializer(timestamp, return_type=str, when_used="json-unless-none")
]
UserId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f#]+$")]


class Envelope(BaseModel, Generic[T]):
    """What every answer comes in."""

    code: int = 200
    msg: str = "ok"
    data: T


class Request(BaseModel):
    """A request's body: types are not guessed, unknown fields are let be."""

    model_config = ConfigDict(strict=True, extra="ignore")
