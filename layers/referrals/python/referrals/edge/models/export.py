"""Referrals as lines of a table that spreadsheets open."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from referrals.edge.models.attributions import AttributionView
from referrals.rules.attribution import Attribution, Role
from referrals.rules.times import timestamp

_OF_REWARDS = [f"{role.value}_{what}" for role in Role for what in ("credits", "granted_at")]
COLUMNS = [*AttributionView.model_fields, *_OF_REWARDS]
# A spreadsheet takes a text that begins so for a formula, and strangers choose some of them.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(attributions: Iterable[Attribution], *, header: bool) -> str:
    """RFC 4180, a line for each; an apostrophe before what would be taken for a formula."""
    written = io.StringIO()
    table = csv.DictWriter(written, COLUMNS)
    if header:
        table.writeheader()
    for one in attributions:
        cells = AttributionView.model_validate(one).model_dump(mode="json") | _rewards(one)
        table.writerow({name: _cell(value) for name, value in cells.items()})
    return written.getvalue()


def _rewards(attribution: Attribution) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for reward in attribution.rewards:
        granted = reward.credits_granted_at
        found[f"{reward.role.value}_credits"] = reward.credits
        found[f"{reward.role.value}_granted_at"] = timestamp(granted) if granted else None
    return found


def _cell(value: Any) -> Any:
    text = " ".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULAS) else text
