"""An event's fate."""

from pydantic import BaseModel


class WebhookAnswer(BaseModel):
    """What became of a Stripe event."""

    received: bool = True
    handled: bool
