"""A programme whose credits are outside, with Stripe's side of it."""

from collections.abc import Callable

import pytest

from tests.outside.scene import OutsideScene


@pytest.fixture
def made() -> Callable[..., OutsideScene]:
    """A programme by its backend's name."""
    return OutsideScene
