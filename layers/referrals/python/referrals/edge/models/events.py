"""Events as they are asked for: each is what its receivers are sent, with its id."""

from typing import Any, Self

from pydantic import BaseModel

from referrals.edge.models.clicks import ClickView
from referrals.edge.models.envelope import Time
from referrals.edge.models.referrals import ReferralView
from referrals.rules.attribution import Attribution
from referrals.rules.clicks import Click
from referrals.rules.events import Event, EventType


class _ClickShown(BaseModel):
    click: ClickView


def shown(about: Attribution | Click) -> dict[str, Any]:
    """What an event tells of its referral, or of its click."""
    if isinstance(about, Click):
        told: BaseModel = _ClickShown(click=ClickView.model_validate(about))
    else:
        told = ReferralView.of(about)
    return told.model_dump(mode="json", exclude_none=True)


class EventView(BaseModel):
    """An event: `id` is the `webhook-id` under which it is sent to others, for ever."""

    id: str
    type: EventType
    timestamp: Time
    sequence: int
    data: dict[str, Any]

    @classmethod
    def of(cls, one: Event) -> Self:
        """The view of an event."""
        return cls(
            id=one.id,
            type=EventType(one.type),
            timestamp=one.at,
            sequence=one.sequence,
            data=dict(one.data),
        )


class EventsAnswer(BaseModel):
    """Events in their order; `next_cursor`, which is always there, is behind the last of them.

    With `more` it can be asked again at once.
    """

    items: list[EventView]
    next_cursor: str
    more: bool
