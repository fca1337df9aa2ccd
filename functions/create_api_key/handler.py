"""Make an API key: invoked by an operator, never over HTTP. The key is shown this once."""

import secrets
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, ROLES, new_key
from referrals.edge.models import UserId
from referrals.store import api_keys
from referrals.store.api_keys import ApiKey


class KeyRequest(BaseModel):
    """Whose the key is, and what it may do."""

    user_id: UserId
    role: str = Field(default=ADMIN, pattern=f"^({'|'.join(ROLES)})$")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """`{"user_id", "role"?}` → `{"api_key", "id"}`. ValidationError for anything else."""
    wanted = KeyRequest.model_validate(event)
    secret_key, now = new_key(secrets.token_bytes(20)), clock.now()
    key = ApiKey(
        id=f"key_{clock.new_ulid(now)}", user_id=wanted.user_id, role=wanted.role, created_at=now
    )
    api_keys.create(service.table(), secret_key, key)
    return {"api_key": secret_key, "id": key.id}
