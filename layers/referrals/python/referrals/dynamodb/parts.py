"""The named parts of a transaction, and how DynamoDB's refusal of one is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_THROTTLED = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
)


class Refused(Exception):
    """A transaction's conditions did not hold; `parts` names those that failed."""

    def __init__(self, parts: frozenset[str]) -> None:
        super().__init__(f"refused: {', '.join(sorted(parts))}")
        self.parts = parts


class Unwritable(Exception):
    """DynamoDB will never take a part of the transaction as it is; `part` names it."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


class Busy(TimeoutError):
    """Others hold what is to be written, for longer than the caller can wait. Later it works."""


def too_busy(error: Exception) -> bool:
    """Whether a failure is for now only: conflicts that lasted, or a key at its throughput."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _THROTTLED
    return isinstance(error, Busy)


@dataclass(frozen=True)
class Part:
    """One write of a transaction, with the name by which a refusal is told."""

    name: str
    write: dict[str, Any]


def raise_unless_conflict(parts: Sequence[Part], reasons: Sequence[Any]) -> None:
    """Tell a transaction that was cancelled for good by its part; return for a mere conflict."""
    codes = [reason.get("Code", "None") for reason in reasons]
    for part, reason in zip(parts, reasons, strict=False):
        if reason.get("Code") in ("ValidationError", "ItemCollectionSizeLimitExceeded"):
            raise Unwritable(part.name, reason.get("Message") or reason["Code"])
    failed = frozenset(
        part.name
        for part, code in zip(parts, codes, strict=False)
        if code == "ConditionalCheckFailed"
    )
    if failed:
        raise Refused(failed)
