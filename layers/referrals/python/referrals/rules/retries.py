"""What becomes of an event that was sent: it arrived, or is sent again, or is not wanted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

# Standard Webhooks 1.0.0, "Deliverability and reliability": ten tries over three days.
_WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TRIES = len(_WAITS) + 1
# A wait is up to so much longer, so that what failed together does not come back together.
_JITTER = 0.2
# Nobody puts us off for longer than the longest wait.
_LONGEST_RETRY_AFTER = _WAITS[-1]
_PUT_OFF = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True)
class Answer:
    """What a receiver answered: a status, or the problem where it came to none.

    `silent`: it was waited for, and in vain.
    """

    status: int | None = None
    retry_after: str | None = None
    problem: str = ""
    # As much of it as whoever asked reads.
    body: bytes = b""
    silent: bool = False

    @property
    def arrived(self) -> bool:
        """Whether the receiver has the event: 2xx alone, for no redirect is followed."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more events, ever."""
        return self.status == HTTPStatus.GONE

    @property
    def told(self) -> str:
        """The answer in a word or two, for whoever looks why an event does not arrive."""
        return self.problem or f"answered {self.status}"


def wait(tries: int, answer: Answer, luck: float, now: datetime) -> timedelta | None:
    """How long to wait after so many failed tries; None where no more is made.

    `luck` is between 0 and 1. A Retry-After of a 429 or 503 is respected, up to a day.
    """
    if tries >= TRIES:
        return None
    usual = _WAITS[tries - 1] * (1 + _JITTER * luck)
    return max(usual, put_off(answer, now))


def put_off(answer: Answer, now: datetime) -> timedelta:
    """For how long a 429 or 503 asks to be left alone: its Retry-After, up to a day."""
    none = timedelta(0)
    if answer.status not in _PUT_OFF or not answer.retry_after:
        return none
    text = answer.retry_after.strip()
    if text.isascii() and text.isdigit():
        # Beyond these digits it is more than a day in any case.
        asked = timedelta(seconds=int(text[:9]))
    else:
        try:
            asked = parsedate_to_datetime(text) - now
        except (ValueError, TypeError):
            return none
    return min(max(asked, none), _LONGEST_RETRY_AFTER)
