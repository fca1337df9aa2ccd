"""Delivering: what happened is sent to who listens, in order, until it arrives or is given up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from referrals.dynamodb.parts import too_busy
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.events import Event, Step, event_of
from referrals.rules.retries import Answer, wait
from referrals.store import deliveries, trail, webhook_endpoints
from referrals.store.deliveries import Delivery, Lost
from referrals.store.trail import Trail
from referrals.store.webhook_endpoints import Endpoint

# An endpoint that took nothing for so long, and fails to the last try, is switched off.
_FAILING = timedelta(days=2)
# After so many failures in a row an endpoint's other events wait for the next run.
_ENOUGH = 3
# By when whoever moves a booking is done.
_MOVED = timedelta(minutes=1)


@dataclass(frozen=True)
class Courier:
    """What delivering needs from outside: how a referral is shown, a try, the clock, chance."""

    view: Callable[[Attribution], Mapping[str, Any]]
    send: Callable[[Endpoint, Event], Answer]
    now: Callable[[], datetime]
    luck: Callable[[], float]


@dataclass(frozen=True)
class Delivered:
    """How many events arrived, and why the next did not, if it was tried."""

    arrived: int = 0
    problem: str | None = None


def deliver(
    table: Table, endpoint: Endpoint, attribution_id: str, courier: Courier, holder: str
) -> Delivered:
    """Send a referral's new events to an endpoint, in their order, up to the first that fails.

    `holder` is a name that no other run has. Nothing is done where another run has the referral:
    that one sees to what is new.
    """
    if not endpoint.enabled:
        return Delivered()
    held = deliveries.claim(table, endpoint.id, attribution_id, holder, courier.now())
    run = _Run(table, endpoint, courier)
    try:
        while held is not None and run.problem is None:
            held = run.send_new(held)
    except Lost:
        # It took so long that another went on from where this run got.
        pass
    return Delivered(run.arrived, run.problem)


def deliver_due(table: Table, endpoint: Endpoint, courier: Courier, holder: str) -> list[Delivered]:
    """Try again what is due at an endpoint, the oldest first, while there is time.

    One that fails time and again is left alone until the next run: its events stay due.
    """
    done, in_a_row = list[Delivered](), 0
    for attribution_id in deliveries.due(table, endpoint.id, courier.now()):
        if in_a_row == _ENOUGH or not table.in_time:
            break
        done.append(deliver(table, endpoint, attribution_id, courier, holder))
        in_a_row = in_a_row + 1 if done[-1].problem else 0
    return done


@dataclass
class _Run:
    table: Table
    endpoint: Endpoint
    courier: Courier
    arrived: int = 0
    problem: str | None = None

    def send_new(self, held: Delivery) -> Delivery | None:
        """Send what is new, and let go; the delivery where more has come meanwhile."""
        try:
            found = trail.read(self.table, held.attribution_id)
        except Exception as error:
            if not too_busy(error):
                raise
            deliveries.postponed(self.table, held, self.courier.now() + _MOVED)
            return None
        if found is None:
            raise LookupError(f"{held.attribution_id}: no such attribution")
        return self._send(held, found)

    def _send(self, held: Delivery, found: Trail) -> Delivery | None:
        due = [step for step in found.after(held.sent) if self._concerns(step)]
        view = self.courier.view(found.attribution)
        for number, step in enumerate(due):
            if number and not self.table.in_time:
                deliveries.postponed(self.table, held, self.courier.now())
                return None
            event = event_of(held.attribution_id, step, found.sequence(step), view)
            answer = self.courier.send(self.endpoint, event)
            if not answer.arrived:
                self._keep(held, answer)
                return None
            self.arrived += 1
            webhook_endpoints.note_arrival(self.table, self.endpoint, self.courier.now())
            if step is not due[-1]:
                held = deliveries.arrived(self.table, held, step.place, self.courier.now())
        last = max(held.sent, found.steps[-1].place)
        return deliveries.finished(self.table, held, last, self.courier.now())

    def _concerns(self, step: Step) -> bool:
        return step.entry.at >= self.endpoint.since and self.endpoint.wants(step.type)

    def _keep(self, held: Delivery, answer: Answer) -> None:
        """What did not arrive is kept for the next try, if there is to be one."""
        self.problem, now = answer.told, self.courier.now()
        pause = wait(held.tries + 1, answer, self.courier.luck(), now)
        if answer.gone:
            webhook_endpoints.disable(self.table, self.endpoint.id, answer.told, now)
        elif pause is not None:
            deliveries.failed(self.table, held, answer.told, now, now + pause)
            return
        elif self._has_failed_for_days(now):
            webhook_endpoints.disable(self.table, self.endpoint.id, answer.told, now)
        deliveries.given_up(self.table, held, answer.told, now)

    def _has_failed_for_days(self, now: datetime) -> bool:
        """Whether it takes nothing at all: one event that it does not like is no reason."""
        fresh = webhook_endpoints.get(self.table, self.endpoint.id)
        return fresh is not None and now - (fresh.arrived_at or fresh.created_at) > _FAILING
