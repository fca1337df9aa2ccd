"""What was just started needs a moment to listen."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_READY_WITHIN = 15.0


def patiently(ask: Callable[[], T]) -> T:
    """The answer, once there is somebody to give it."""
    deadline = time.monotonic() + _READY_WITHIN
    while True:
        try:
            return ask()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
