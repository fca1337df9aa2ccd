"""The service that the contract is held against."""

from tests.functions.conftest import (  # noqa: F401
    configure,
    environment,
    identity_provider,
    programme,
    table,
    tokens,
)
