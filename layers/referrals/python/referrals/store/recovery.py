"""Recovery: rewards whose credits are still owed are tried again, oldest due first."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from referrals.rules.attribution import Actor
from referrals.rules.programme import Programme
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import attributions, keys
from referrals.store.granting import grant_due
from referrals.store.table import Refused, Table

log = logging.getLogger(__name__)

_POSTPONED = timedelta(hours=1)


@dataclass(frozen=True)
class Recovery:
    """What one run did: rewards tried, rewards granted, and why others were not."""

    attempted: int
    recovered: int
    errors: tuple[str, ...]


def recover(
    table: Table, limit: int, programme: Programme, actor: Actor, *, ignore_backoff: bool
) -> Recovery:
    """Try up to `limit` rewards. One that fails is noted, waits longer, and blocks no other."""
    attempted, recovered, errors = 0, 0, list[str]()
    for identity in _entries(table, actor.at, limit, ignore_backoff=ignore_backoff):
        if attempted >= limit:
            break
        try:
            attribution = attributions.get(table, identity)
            if attribution is None:
                continue
            outcome = grant_due(
                table,
                attribution,
                programme,
                actor,
                ignore_backoff=ignore_backoff,
                at_most=limit - attempted,
            )
        except Exception as error:
            # Whatever is wrong with one must not keep the rest from their credits.
            log.exception("recovery failed", extra={"attribution": identity})
            _postpone(table, identity, actor.at)
            attempted += 1
            errors.append(f"{identity}: {type(error).__name__}")
            continue
        attempted += outcome.granted + len(outcome.errors)
        recovered += outcome.granted
        errors += outcome.errors
    return Recovery(attempted, recovered, tuple(errors))


def _entries(table: Table, now: datetime, limit: int, *, ignore_backoff: bool) -> list[str]:
    """Ids of attributions by the time that they are due. A held one is due when its hold ends."""
    sort = None if ignore_backoff else ("next_attempt_at", "<=", timestamp(now))
    entries = table.query_index(
        keys.PENDING_GRANTS, ("pending", keys.ALL), sort=sort, page=min(limit + 1, 200)
    )
    found = []
    for entry in entries:
        found.append(keys.attribution_id_of(entry["pk"]))
        if len(found) >= limit:
            break
    return found


def _postpone(table: Table, attribution_id: str, now: datetime) -> None:
    """Let the others go first for a while."""
    with suppress(Refused):
        table.write(
            table.update(
                "postponed",
                keys.attribution(attribution_id),
                "SET next_attempt_at = :later",
                {":later": timestamp(now + _POSTPONED)},
                condition="attribute_exists(next_attempt_at)",
            )
        )


def oldest_pending(table: Table) -> datetime | None:
    """When the oldest reward still owed was created; None where nothing is owed."""
    entries = table.query_index(keys.PENDING_GRANTS, ("pending", keys.ALL))
    return min((parse_timestamp(entry["created_at"]) for entry in entries), default=None)
