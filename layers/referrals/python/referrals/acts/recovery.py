"""Recovery: rewards whose credits are still owed are tried again, oldest due first."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from referrals.acts.granting import Outcome, grant_due
from referrals.acts.ordering import Outside, order_due
from referrals.dynamodb.parts import Refused, too_busy
from referrals.dynamodb.side_by_side import in_turns
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules import orders
from referrals.rules.attribution import Actor, Attribution, Reward
from referrals.rules.programme import Programme
from referrals.rules.rewards import due_rewards
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys, pending
from referrals.store.items import attribution_from

log = logging.getLogger(__name__)

_POSTPONED = timedelta(hours=1)
# Read together, and then tried side by side.
_AT_ONCE = 100


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
    table: Table,
    limit: int,
    programme: Programme,
    actor: Actor,
    *,
    ignore_backoff: bool,
    outside: Outside | None = None,
) -> Recovery:
    """Try up to `limit` rewards, as many as there is time for, oldest due first.

    One that fails is noted, waits longer, and blocks no other. One that others keep changing is
    left for the next run. `outside` is where credits are kept, if not in the ledger.
    """
    # Who waits for a customer waits for nobody where credits have come back to the ledger.
    late, aside = pending.all_entries(table)
    entries = sorted(late + aside, key=lambda one: str(one["next_attempt_at"]))
    due = [one for one in entries if _is_due(one, actor.at, ignore_backoff=ignore_backoff)]
    outcomes, failures, left = list[Outcome](), list[str](), limit
    for start in range(0, len(due), _AT_ONCE):
        # The first are tried however late it is, so that every run gets on.
        if left <= 0 or (start and not table.in_time):
            break
        ids = [keys.attribution_id_of(one["pk"]) for one in due[start : start + _AT_ONCE]]
        found, unreadable = _read(table, ids, actor.at)
        found = [orders.under(one, programme.credits_backend) for one in found]
        failures += unreadable
        left -= len(unreadable)
        tries = list(_tries(found, left, actor.at, ignore_backoff=ignore_backoff))
        left -= sum(one.at_most for one in tries)
        recover_one = partial(_recover, table, programme, actor, ignore_backoff, outside)
        # Those of one referrer one after the other: their rewards all meet on one account.
        for outcome, failure in in_turns(recover_one, tries, _referrer):
            outcomes += [outcome] if outcome else []
            failures += [failure] if failure else []
    return Recovery(tuple(outcomes), tuple(failures), _longest_wait(late, actor.at))


@dataclass(frozen=True)
class _Try:
    """An attribution whose rewards are tried, and how many of them at most."""

    attribution: Attribution
    at_most: int


_Tried = tuple[Outcome | None, str | None]


def _referrer(one: _Try) -> str:
    return one.attribution.referrer_user_id


def _read(table: Table, ids: Sequence[str], now: datetime) -> tuple[list[Attribution], list[str]]:
    """The attributions in this order, and what was wrong with those that cannot be read."""
    stored = table.get_many([keys.attribution(one) for one in ids])
    found, unreadable = list[Attribution](), list[str]()
    for identity in ids:
        item = stored.get(keys.attribution(identity))
        try:
            found += [attribution_from(item)] if item else []
        except Exception as error:
            unreadable.append(_failed(table, identity, error, now))
    return found, unreadable


def _tries(
    found: Iterable[Attribution], left: int, now: datetime, *, ignore_backoff: bool
) -> Iterator[_Try]:
    """What of these there is to try, as long as any may be."""
    for one in found:
        rewards = _due(one, now, ignore_backoff=ignore_backoff)
        at_most = min(left, len(rewards))
        if at_most > 0:
            yield _Try(one, at_most)
        left -= at_most


def _due(one: Attribution, now: datetime, *, ignore_backoff: bool) -> tuple[Reward, ...]:
    """What is due here, and what is due outside."""
    return due_rewards(one, now, ignore_backoff=ignore_backoff) + orders.due(
        one, now, ignore_backoff=ignore_backoff
    )


def _recover(
    table: Table,
    programme: Programme,
    actor: Actor,
    ignore_backoff: bool,
    outside: Outside | None,
    one: _Try,
) -> _Tried:
    try:
        outcome = grant_due(
            table,
            one.attribution,
            programme,
            actor,
            ignore_backoff=ignore_backoff,
            at_most=one.at_most,
        )
        outcome = outcome.then(
            order_due(
                table,
                outcome.attribution,
                outside,
                programme,
                actor,
                ignore_backoff=ignore_backoff,
                at_most=one.at_most - outcome.granted - len(outcome.errors),
            )
        )
    except Exception as error:
        return None, _failed(table, one.attribution.id, error, actor.at)
    return outcome, None


def _failed(table: Table, identity: str, error: Exception, now: datetime) -> str:
    """Whatever is wrong with one must not keep the rest from their credits."""
    if too_busy(error):
        log.warning("left for the next recovery", extra={"attribution": identity})
    else:
        log.error("recovery failed", extra={"attribution": identity}, exc_info=error)
        _postpone(table, identity, now)
    return f"{identity}: {type(error).__name__}"


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
