"""The clock and the dice: the only places where time and chance come in."""

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from referrals.rules.ids import CODE_LENGTH, code_from

if TYPE_CHECKING:
    from ulid import ULID


def now() -> datetime:
    """The time to the millisecond, which is the grain that is stored."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def new_ulid(at: datetime) -> "ULID":
    """A ULID of this time. Its module takes a while, and few functions' starts need it."""
    from ulid import ULID

    return ULID.from_datetime(at)


def new_salt() -> str:
    """What makes a secret another than the one before: 128 random bits."""
    return secrets.token_hex(16)


def new_code() -> str:
    """A referral code that nobody can guess: 60 random bits."""
    return code_from(secrets.token_bytes(CODE_LENGTH))
