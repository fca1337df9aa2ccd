"""Clicks: what is kept of a visit, and how what a stranger sends is made safe to keep."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

LONGEST_PATH = 200
LONGEST_LABEL = 64
# The funnel's name for all campaigns, which no campaign may take.
_RESERVED_LABEL = "*"
# Whoever knows a code may invent campaigns: so many of a code are counted by name in a minute.
CAMPAIGNS_OF_A_CODE = 20
# What the others are counted as.
OTHER_CAMPAIGNS = "(other)"


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


def counted_as(
    minute: Mapping[tuple[str, str | None], int],
) -> dict[tuple[str, str | None], str | None]:
    """The campaign that the clicks of one minute count for, by their code and their own campaign.

    Of each code the campaigns with the most clicks keep their name. It follows from the clicks of
    the minute alone, whoever counts them and when.
    """
    codes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (code, campaign), number in minute.items():
        if campaign is not None:
            codes[code].append((-number, campaign))
    kept = {
        (code, campaign)
        for code, ranked in codes.items()
        for _, campaign in sorted(ranked)[:CAMPAIGNS_OF_A_CODE]
    }
    return {
        (code, campaign): campaign
        if campaign is None or (code, campaign) in kept
        else OTHER_CAMPAIGNS
        for code, campaign in minute
    }
