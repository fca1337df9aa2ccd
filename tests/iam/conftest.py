"""Roles are tried on a running service."""

from tests.functions.conftest import (  # noqa: F401
    environment,
    programme,
    table,
)
from tests.proof.conftest import in_turn  # noqa: F401
