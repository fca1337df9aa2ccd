"""Rolling up: the clicks of every closed hour are counted once, in order."""

from collections import Counter
from datetime import datetime

from referrals.dynamodb.table import Table
from referrals.rules.times import hour_floor, timestamp
from referrals.store import clicks, keys
from referrals.store.funnel_counts import CLOSED_AFTER, HOUR, clicks_counted_until, hours

# After days without a run, the hours are caught up with a day at a time.
_HOURS_AT_ONCE = 24


def roll_up(table: Table, now: datetime) -> int:
    """Count the clicks of every closed hour once, in order; how many hours were.

    Counts are set, not added, and the mark moves after them: a run that dies is simply repeated.
    """
    closed = hour_floor(now - CLOSED_AFTER)
    waiting = list(hours(clicks_counted_until(table) or closed, closed))
    for start in range(0, len(waiting), _HOURS_AT_ONCE):
        batch = waiting[start : start + _HOURS_AT_ONCE]
        found = clicks.count(table, [(hour, hour + HOUR) for hour in batch])
        for hour, counted in zip(batch, found, strict=True):
            _store_counts(table, hour, counted)
        table.write(
            table.update(
                "mark",
                keys.ROLLED_UP,
                "SET #until = :end",
                {":end": timestamp(batch[-1] + HOUR)},
                names={"#until": "until"},
            )
        )
    return len(waiting)


def _store_counts(table: Table, hour: datetime, found: Counter[str | None]) -> None:
    by_campaign = {name: number for name, number in found.items() if name is not None}
    if found:
        by_campaign[keys.EVERY_CAMPAIGN] = found.total()
    for campaign, number in by_campaign.items():
        table.write(
            table.update(
                "clicks",
                keys.funnel_clicks(campaign, hour),
                "SET #hour = :number",
                {":number": number},
                names={"#hour": keys.hour_letter(hour)},
            )
        )
