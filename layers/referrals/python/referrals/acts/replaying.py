"""Replaying: an endpoint is sent again, under the same ids, what happened from a time on.

It walks every referral, for an old one may have news; so a run goes on where the last one ended.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.events import NOWHERE, Place
from referrals.store import deliveries, trail
from referrals.store.walk import BEGINNING, Seen, referrals

_AT_ONCE = 16


@dataclass(frozen=True)
class Replay:
    """How many referrals are to be sent again, and where to go on, if there is more."""

    referrals: int
    seen: Seen | None


def replay(
    table: Table, endpoint_id: str, since: datetime, now: datetime, after: Seen = BEGINNING
) -> Replay:
    """Have everything due again that happened at or after `since`, as far as there is time.

    The endpoint is listening from `since` on already. What did not arrive before it stays due.
    """

    def mark(attribution_id: str) -> bool:
        place = _before(table, attribution_id, since)
        if place is not None:
            deliveries.rewound(table, endpoint_id, attribution_id, place, now)
        return place is not None

    marked, walk = 0, referrals(table, after)
    while some := list(islice(walk, _AT_ONCE)):
        marked += sum(side_by_side(mark, [attribution_id for _, attribution_id in some]))
        last, _ = some[-1]
        if not table.in_time:
            return Replay(marked, last)
    return Replay(marked, None)


def _before(table: Table, attribution_id: str, since: datetime) -> Place | None:
    """The place after which all that happened since is found; None where nothing did."""
    found = trail.read(table, attribution_id)
    before = NOWHERE
    for step in found.steps if found else ():
        if step.at >= since:
            return before
        before = step.place
    return None
