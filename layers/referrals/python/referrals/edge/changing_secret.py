"""A secret that the operator may replace, and that must not fail when its keeper does."""

import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from referrals.edge.telemetry import logger

# A secret that was changed is in use everywhere after this many seconds.
SECRET_AGE = 60


class ChangingSecret:
    """Asked for again after a minute; while that fails, it is what it was last known to be."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._known: str | None = None
        self._asked_at = 0.0

    def value(self) -> str:
        """The secret. BotoCoreError or ClientError where it never could be read."""
        if self._known is None or time.monotonic() - self._asked_at > SECRET_AGE:
            self._known = self._asked()
            self._asked_at = time.monotonic()
        return self._known

    def _asked(self) -> str:
        try:
            return self._ask()
        except (BotoCoreError, ClientError) as error:
            if self._known is None:
                raise
            logger.warning(
                "a secret cannot be read; what was last known of it stays in use",
                extra={"error": type(error).__name__},
            )
            return self._known
