"""Every way a request can be refused, with the status it answers."""

from http import HTTPStatus


class ReferralError(Exception):
    """A refusal that the caller may read: `status` is the HTTP status, the text is for people."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: str, *, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or []


class InvalidRequest(ReferralError):
    """400: a parameter is missing or wrong, or the code is unknown or disabled."""

    status = HTTPStatus.BAD_REQUEST

    @classmethod
    def field(cls, field: str, message: str) -> "InvalidRequest":
        """The refusal of one named field."""
        return cls(f"{field}: {message}", errors=[{"field": field, "message": message}])


class UnreadableEvent(InvalidRequest):
    """400: an event that Stripe signed, of a kind that is handled, and cannot be read.

    Stripe sends it again for days: time enough for a version that can.
    """


class Unauthorized(ReferralError):
    """401: no credentials, or ones that are unknown, revoked, expired or badly signed."""

    status = HTTPStatus.UNAUTHORIZED


class Forbidden(ReferralError):
    """403: valid credentials without the role that the route asks for."""

    status = HTTPStatus.FORBIDDEN


class NotFound(ReferralError):
    """404: no such attribution, account or user."""

    status = HTTPStatus.NOT_FOUND


class StateConflict(ReferralError):
    """409: the state does not allow it; `state` is the attribution's status."""

    status = HTTPStatus.CONFLICT

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self.state = state


class BodyTooLarge(ReferralError):
    """413: the body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class LimitExceeded(ReferralError):
    """429: a limit is used up; `retry_after` is the seconds until its window ends."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        # What else the caller is told of their limits.
        self.headers: dict[str, str] = {}


class Overloaded(ReferralError):
    """503: too much comes at once; after `retry_after` seconds it is worth trying again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 2


class StripeUnavailable(ReferralError):
    """502: Stripe failed or timed out."""

    status = HTTPStatus.BAD_GATEWAY


class WrongSecret(ReferralError):
    """503: the table's ids were derived with another hashing secret."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
