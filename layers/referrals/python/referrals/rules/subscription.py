"""What an endpoint must be subscribed to, and which of it is missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

# Longer than a month: a subscription's invoices come at least so often.
QUIET = timedelta(days=30)
_NEWEST = "9998"
_INVOICES = ("invoice.paid", "invoice.payment_succeeded")


@dataclass(frozen=True)
class Need:
    """Kinds of events of which one must come, in the API versions of these dates."""

    kinds: tuple[str, ...]
    since: str = ""
    until: str = "9999"


NEEDS = (
    Need(_INVOICES),
    Need(("invoice_payment.paid",), since="2025-05-28"),
    Need(("charge.succeeded",)),
    Need(("charge.refunded",)),
    Need(("charge.refund.updated",), until="2024-10-28"),
    Need(("refund.created",), since="2024-10-28"),
    Need(("refund.updated", "charge.refund.updated"), since="2024-10-28"),
    Need(("refund.failed",), since="2024-10-28"),
    Need(("charge.dispute.created",)),
    Need(("charge.dispute.closed",)),
)


@dataclass(frozen=True)
class KindSeen:
    """The day on which a kind of event was last seen, and the API version that it was in."""

    day: date
    api_version: str


def needed(api_version: str) -> tuple[Need, ...]:
    """What an endpoint of this version must send."""
    dated = api_version[:10]
    return tuple(need for need in NEEDS if need.since <= dated < need.until)


def not_seen(seen: Mapping[str, KindSeen], today: date) -> list[str]:
    """The needed kinds that did not come in 30 days, although invoices did."""
    recent = {kind: one for kind, one in seen.items() if today - one.day <= QUIET}
    told = [recent[kind] for kind in _INVOICES if kind in recent]
    if not told:
        return []
    version = max(one.api_version for one in told)
    return _missing(recent, version)


def not_subscribed(subscribed: Collection[str], api_version: str) -> list[str]:
    """The needed kinds that an endpoint of this version is not subscribed to."""
    return [] if "*" in subscribed else _missing(subscribed, api_version)


def version_in_use(seen: Mapping[str, KindSeen]) -> str:
    """What an endpoint without a version of its own sends, as far as can be seen."""
    return max((one.api_version for one in seen.values()), default="") or _NEWEST


def _missing(there: Collection[str], api_version: str) -> list[str]:
    return [need.kinds[0] for need in needed(api_version) if not set(need.kinds) & set(there)]
