"""Events out: what each step of a referral's life is called outside, and the id it keeps for ever.

Bodies have the form that Standard Webhooks 1.0.0 recommends: type, timestamp and data, and besides
them a sequence.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from referrals.rules.attribution import AuditEntry, LedgerEntry, Status
from referrals.rules.clicks import Click
from referrals.rules.times import timestamp


class EventType(StrEnum):
    """What may be listened for."""

    ATTRIBUTED = "referral.attributed"
    REVIEW_REQUIRED = "referral.review_required"
    QUALIFIED = "referral.qualified"
    REWARDED = "referral.rewarded"
    CAPPED = "referral.capped"
    EXPIRED = "referral.expired"
    REJECTED = "referral.rejected"
    FAILED = "referral.failed"
    GRANTED = "credits.granted"
    REVERSED = "credits.reversed"
    REINSTATED = "credits.reinstated"
    # There are many: told to nobody who does not name it.
    CLICKED = "click.captured"


# No id of a click or of a referral has a stroke in it.
_CLICK = "click/"
# What an endpoint is sent to see that it hears us; nobody listens for it.
TEST = "endpoint.test"

_OF_BOOKING = {
    "grant": EventType.GRANTED,
    "reversal": EventType.REVERSED,
    "reinstatement": EventType.REINSTATED,
}


class Place(NamedTuple):
    """Where a step stands: the version of the attribution that it made, and its number in that.

    One transaction may hold several steps: first the statuses in their order, then the bookings.
    """

    version: int
    number: int


# Before every step.
NOWHERE = Place(0, 0)
# An attribution's first version has its birth, which no line of the trail tells.
BIRTH = Place(1, 0)


@dataclass(frozen=True)
class Step:
    """One step of a referral's life, as the trail or the ledger holds it, and its place.

    A click is a life of one step.
    """

    place: Place
    entry: AuditEntry | LedgerEntry | Click

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.entry.clicked_at if isinstance(self.entry, Click) else self.entry.at

    @property
    def type(self) -> EventType:
        """What the step is called outside."""
        if isinstance(self.entry, LedgerEntry):
            return _OF_BOOKING[self.entry.kind]
        if isinstance(self.entry, Click):
            return EventType.CLICKED
        return EventType(f"referral.{self.entry.to_status}")


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is sent. A receiver knows a repeat by the id, and what is older by the sequence.

    The sequence counts the steps of one referral from 1, so that a gap is something not received.
    """

    id: str
    type: str
    at: datetime
    sequence: int
    data: Mapping[str, Any]

    def body(self) -> str:
        """The JSON text, compact: what is signed is what is sent."""
        told = {
            "type": str(self.type),
            "timestamp": timestamp(self.at),
            "sequence": self.sequence,
            "data": self.data,
        }
        return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def event_of(attribution_id: str, step: Step, sequence: int, referral: Mapping[str, Any]) -> Event:
    """The event of a step; `referral` is the public view of the referral when it is sent.

    The id follows from the step alone, so that a replay has the same. It holds no full stop, which
    would end it in what is signed.
    """
    version, number = step.place
    return Event(
        id=f"{_own(attribution_id)}_{version}_{number}",
        type=step.type,
        at=step.at,
        sequence=sequence,
        data={**referral, **_told(step.entry)},
    )


def test_event(number: str, at: datetime) -> Event:
    """An event of nothing that happened; `number` tells it from others."""
    return Event(id=f"evt_test_{number}", type=TEST, at=at, sequence=0, data={})


def _own(subject: str) -> str:
    click_id = click_id_of(subject)
    return f"evt_click_{click_id}" if click_id else subject.replace("attr_", "evt_", 1)


def click_subject(click_id: str) -> str:
    """What stands for a click where otherwise a referral's id does."""
    return f"{_CLICK}{click_id}"


def click_id_of(subject: str) -> str | None:
    """The click that an id stands for; None where it is a referral's."""
    return subject.removeprefix(_CLICK) if subject.startswith(_CLICK) else None


def _told(entry: AuditEntry | LedgerEntry | Click) -> dict[str, Any]:
    """What happened in this step, whatever the referral has come to since."""
    if isinstance(entry, Click):
        return {}
    if isinstance(entry, LedgerEntry):
        booking = {
            "key": entry.key,
            "user_id": entry.user_id,
            "credits": entry.credits,
            "kind": entry.kind,
        }
        return {"booking": booking | ({"shortfall": entry.shortfall} if entry.shortfall else {})}
    before: Status | None = entry.from_status
    transition = {"to_status": entry.to_status.value, "by": entry.by, "why": entry.why}
    return {"transition": ({"from_status": before.value} if before else {}) | transition}
