"""A small believable programme, made through the API itself."""

from __future__ import annotations

from local.stack import Stack


def seed(stack: Stack) -> None:
    """Filled in when the functions are there."""
