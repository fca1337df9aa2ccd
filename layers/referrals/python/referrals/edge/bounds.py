"""The bounds of a span, as growth staff name them."""

from datetime import datetime

from referrals.rules.errors import InvalidRequest
from referrals.rules.times import parse_timestamp

FROM = "RFC 3339 with an offset, inclusive."
TO = "RFC 3339 with an offset, exclusive. Left out: until now."


def bounds(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """`from` and `to`, each where it was given. InvalidRequest where no span lies between them."""
    since, until = _bound("from", start), _bound("to", end)
    if since and until and since > until:
        raise InvalidRequest.field("from", "must not be after `to`")
    return since, until


def _bound(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_timestamp(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest.field(name, str(error)) from error
