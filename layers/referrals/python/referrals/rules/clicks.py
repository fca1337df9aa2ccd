"""Clicks: what is kept of a visit, and how what a stranger sends is made safe to keep."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

LONGEST_PATH = 200
LONGEST_LABEL = 64
# The funnel's name for all campaigns, which no campaign may take.
_RESERVED_LABEL = "*"


@dataclass(frozen=True, kw_only=True)
class Click:
    """One visit through a referral link; addresses and agents only as keyed hashes."""

    click_id: str
    code: str
    clicked_at: datetime
    landing_path: str | None = None
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    ip_hash: str | None = None
    user_agent_hash: str | None = None


def sanitized_label(text: str | None) -> str | None:
    """A campaign, medium or source: printable, single-spaced, 64 characters; None when empty."""
    label = " ".join(_printable(text or "").split())[:LONGEST_LABEL].strip()
    return label if label and label != _RESERVED_LABEL else None


def sanitized_path(text: str | None) -> str | None:
    """The path alone: a query or fragment may carry what must not be kept."""
    try:
        path = urlsplit(_printable(text or "").strip()).path
    except ValueError:
        return None
    path = "/" + path.lstrip("/") if path else ""
    return path[:LONGEST_PATH] or None


def _printable(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character)[0] != "C")
