"""Make an API key: invoked by an operator, never over HTTP. The key is shown this once."""

import secrets
from typing import Any, Literal

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, new_key
from referrals.edge.models.envelope import UserId
from referrals.store import api_keys
from referrals.store.api_keys import ApiKey
from referrals.store.metering import set_plan


class KeyRequest(BaseModel):
    """Whose the key is, what it may do, and the plan to put its account on, where given."""

    user_id: UserId
    role: Literal["admin", "service", "member"] = ADMIN
    plan: Literal["free", "starter", "growth", "pro", "business", "enterprise"] | None = None


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """`{"user_id", "role"?, "plan"?}` → `{"api_key", "id"}`. ValidationError otherwise."""
    wanted = KeyRequest.model_validate(event)
    secret_key, now = new_key(secrets.token_bytes(20)), clock.now()
    key = ApiKey(
        id=f"key_{clock.new_ulid(now)}", user_id=wanted.user_id, role=wanted.role, created_at=now
    )
    if wanted.plan:
        set_plan(service.table(), wanted.user_id, wanted.plan, overage=False)
    api_keys.create(service.table(), secret_key, key)
    return {"api_key": secret_key, "id": key.id}
