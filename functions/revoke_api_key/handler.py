"""Revoke an API key: invoked by an operator, never over HTTP. It holds within a minute."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from referrals.edge import clock, service
from referrals.edge.models.envelope import UserId
from referrals.store import api_keys


class Revocation(BaseModel):
    """Whose key, and its id."""

    user_id: UserId
    id: str = Field(max_length=64)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """`{"user_id", "id"}` → `{"revoked"}`. ValidationError, or NotFound for no such key."""
    wanted = Revocation.model_validate(event)
    api_keys.revoke(service.table(), wanted.user_id, wanted.id, clock.now())
    return {"revoked": wanted.id}
