"""Recovery: rewards whose credits are still owed are tried again, oldest due first."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from referrals.acts.granting import Outcome, grant_due
from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Actor
from referrals.rules.programme import Programme
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import attributions, keys

log = logging.getLogger(__name__)

_POSTPONED = timedelta(hours=1)


@dataclass(frozen=True)
class Recovery:
    """What one run did, which attributions it could do nothing with, and for how long the
    longest-waiting reward had waited when it began."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[str, ...]
    longest_wait: timedelta

    @property
    def attempted(self) -> int:
        """How many rewards were tried."""
        return self.recovered + len(self.errors)

    @property
    def recovered(self) -> int:
        """How many rewards were granted."""
        return sum(outcome.granted for outcome in self.outcomes)

    @property
    def errors(self) -> tuple[str, ...]:
        """Why others were not."""
        told = [error for outcome in self.outcomes for error in outcome.errors]
        return (*told, *self.failures)


def recover(
    table: Table, limit: int, programme: Programme, actor: Actor, *, ignore_backoff: bool
) -> Recovery:
    """Try up to `limit` rewards. One that fails is noted, waits longer, and blocks no other."""
    attempted, outcomes, failures = 0, list[Outcome](), list[str]()
    # All that is owed, by the time of its next attempt: at any time that is little.
    entries = list(table.query_index(keys.PENDING_GRANTS, ("pending", keys.ALL)))
    for entry in entries:
        if attempted >= limit:
            break
        if not _is_due(entry, actor.at, ignore_backoff=ignore_backoff):
            continue
        identity = keys.attribution_id_of(entry["pk"])
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
            failures.append(f"{identity}: {type(error).__name__}")
            continue
        attempted += outcome.granted + len(outcome.errors)
        outcomes.append(outcome)
    return Recovery(tuple(outcomes), tuple(failures), _longest_wait(entries, actor.at))


def _is_due(entry: Item, now: datetime, *, ignore_backoff: bool) -> bool:
    """A backoff may be ignored, a hold may not."""
    stamp = timestamp(now)
    held = entry.get("held_until", "") > stamp
    return not held and (ignore_backoff or entry["next_attempt_at"] <= stamp)


def _longest_wait(entries: Iterable[Item], now: datetime) -> timedelta:
    """For how long the longest-waiting reward could have been granted; a hold is no waiting."""
    since = (parse_timestamp(entry.get("held_until") or entry["qualified_at"]) for entry in entries)
    return max((now - at for at in since if at < now), default=timedelta())


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
