"""Who listens for events, and what did not come to them."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from referrals.edge.models.envelope import Request, Time
from referrals.rules.events import EventType
from referrals.rules.webhook_urls import LONGEST_URL
from referrals.store.webhook_endpoints import Endpoint

EndpointId = Annotated[str, StringConstraints(pattern=r"^we_[0-9A-Za-z]{1,40}$")]


class EndpointRequest(Request):
    """Where to send events, by https; without a `url` they are asked for by `GET /admin/events`.

    No `types` are all but `click.captured`, which is told where the stack's `ClickEvents` is true.
    """

    url: str | None = Field(default=None, min_length=1, max_length=LONGEST_URL)
    types: list[Annotated[EventType, Field(strict=False)]] = Field(default=[], max_length=50)


class EndpointView(BaseModel):
    """A receiver, which hears of what happens from `since` on; one without a `url` asks.

    Of the account's own bus the `url` is `eventbus`.

    Two secrets are in force until `old_secret_until`; one that was switched off says when and why.
    """

    id: str
    url: str | None = None
    types: list[EventType]
    since: Time
    created_at: Time
    enabled: bool
    disabled_at: Time | None = None
    disabled_why: str | None = None
    last_arrival_about: Time | None = None
    old_secret_until: Time | None = None

    @classmethod
    def of(cls, one: Endpoint) -> Self:
        """The view of a receiver: no secret, and nothing that makes one."""
        return cls(**_shown(one))


class EndpointWithSecret(EndpointView):
    """A receiver with its newest secret, which is shown here and nowhere else.

    None where nothing is sent.
    """

    secret: str | None = None

    @classmethod
    def with_secret(cls, one: Endpoint, secret: str | None) -> Self:
        """The view for who made or rotated it."""
        return cls(**_shown(one), secret=secret)


def _shown(one: Endpoint) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.url,
        "types": sorted(one.types),
        "since": one.since,
        "created_at": one.created_at,
        "enabled": one.enabled,
        "disabled_at": one.disabled_at,
        "disabled_why": one.disabled_why,
        "last_arrival_about": one.arrived_at,
        "old_secret_until": one.old_until,
    }


class EndpointsAnswer(BaseModel):
    """Everybody who listens, the oldest first."""

    items: list[EndpointView]


class DeletedAnswer(BaseModel):
    """Who listens no more."""

    id: str


class TestAnswer(BaseModel):
    """Whether a test event arrived, and what was answered."""

    arrived: bool
    told: str


class ReplayAnswer(BaseModel):
    """How many referrals are sent again; `next_cursor` where there are more to be looked at."""

    referrals: int
    next_cursor: str | None = None


class DeliveryView(BaseModel):
    """A referral whose next event did not arrive; one that was given up is not tried by the clock.

    `next_attempt_at` of one that was given up is when that was.
    """

    model_config = ConfigDict(from_attributes=True)

    attribution_id: str
    tries: int
    problem: str | None = None
    failing_since: Time | None = None
    next_attempt_at: Time | None = None
    given_up: bool


class DeliveriesAnswer(BaseModel):
    """What has not arrived at an endpoint, and whether there is more than was asked for."""

    endpoint: EndpointView
    items: list[DeliveryView]
    more: bool
