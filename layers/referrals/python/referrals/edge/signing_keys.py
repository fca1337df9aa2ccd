"""The identity provider's public keys, fetched seldom: whatever comes in, and if it is down too."""

import time
from typing import Any

from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError

_KEYS_LAST_SECONDS = 300
# Also between two fetches for keys that are not among the known ones.
_COOLDOWN_SECONDS = 30
_FETCH_SECONDS = 2
# Between two fetches that fail.
_PAUSE_SECONDS = 10


class SigningKeys(PyJWKClient):
    """PyJWT's own client holds its fetches apart after a good one; this one after a bad one too."""

    def __init__(self, url: str) -> None:
        super().__init__(
            url,
            lifespan=_KEYS_LAST_SECONDS,
            cooldown_duration=_COOLDOWN_SECONDS,
            timeout=_FETCH_SECONDS,
        )
        self._not_before = 0.0

    def fetch_data(self) -> Any:
        """The keys as the provider has them now. PyJWKClientConnectionError, whatever failed."""
        if time.monotonic() < self._not_before:
            raise PyJWKClientConnectionError("the keys could not be fetched a moment ago")
        try:
            return super().fetch_data()
        except Exception as error:
            self._not_before = time.monotonic() + _PAUSE_SECONDS
            raise PyJWKClientConnectionError("the keys cannot be fetched") from error
