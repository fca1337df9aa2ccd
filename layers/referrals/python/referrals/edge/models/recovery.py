"""A recovery."""

from pydantic import BaseModel


class RecoverAnswer(BaseModel):
    """What one recovery did."""

    attempted: int
    recovered: int
    errors: list[str]
