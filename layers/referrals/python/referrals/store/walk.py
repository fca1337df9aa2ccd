"""Every referral, lane by lane, from wherever a walk was left."""

from collections.abc import Iterator
from typing import NamedTuple

from referrals.dynamodb.table import Table
from referrals.store import keys


class Seen(NamedTuple):
    """A place in the walk: a lane of the referrals, and the last of it that was seen."""

    lane: int
    key: str


BEGINNING = Seen(0, "")


def referrals(table: Table, after: Seen) -> Iterator[tuple[Seen, str]]:
    """The ids of all referrals beyond a place, each with its own."""
    for lane in range(after.lane, keys.LANES):
        # Nothing sorts after a tilde here; what was seen is the one that is not wanted again.
        low = after.key if lane == after.lane and after.key else keys.REFERRAL_PREFIX
        for item in table.query(keys.cohort(lane), between=(low, f"{keys.REFERRAL_PREFIX}~")):
            if item["sk"] != low:
                yield Seen(lane, item["sk"]), item["id"]
