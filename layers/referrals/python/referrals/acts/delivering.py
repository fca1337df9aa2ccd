"""Delivering: what happened is sent to who listens, in order, until it arrives or is given up."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from referrals.acts.feeding import put_in_order
from referrals.dynamodb.parts import too_busy
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.clicks import Click
from referrals.rules.events import Event, event_of
from referrals.rules.retries import Answer, wait
from referrals.store import deliveries, endpoint_health, trail, webhook_endpoints
from referrals.store.deliveries import Delivery, Lost
from referrals.store.trail import Trail
from referrals.store.webhook_endpoints import Endpoint

# An endpoint that took nothing for so long, and fails to the last try, is switched off.
_FAILING = timedelta(days=2)
# So many referrals are sent to an endpoint at once. Where none of them arrives, or most meet with
# silence, it has had enough: the others wait for the next run.
_AT_ONCE = 8
_REST = timedelta(minutes=1)
# News of an endpoint that says nothing wait for the schedule's run, which comes once a minute and
# finds out when it is back: waiting for it again and again would take what others are served by.
_SILENCE = timedelta(minutes=2)
# By when whoever moves a booking is done.
_MOVED = timedelta(minutes=1)


@dataclass(frozen=True)
class Courier:
    """What delivering needs from outside: how a referral is shown, a try, the clock, chance."""

    view: Callable[[Attribution | Click], Mapping[str, Any]]
    send: Callable[[Endpoint, Event], Answer]
    now: Callable[[], datetime]
    luck: Callable[[], float]


@dataclass(frozen=True)
class Delivered:
    """How many events arrived, and why the next did not, if it was tried: it may be silence."""

    arrived: int = 0
    problem: str | None = None
    silent: bool = False
    switched_off: bool = False


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
    return Delivered(run.arrived, run.problem, run.silent, run.switched_off)


def deliver_new(
    table: Table, endpoint_id: str, referrals: Iterable[str], courier: Courier, holder: str
) -> list[Delivered]:
    """Send what is new of some referrals; what is not begun with for now is due in a minute."""
    endpoint = webhook_endpoints.get(table, endpoint_id)
    if endpoint is None or not endpoint.enabled:
        return []
    rest, done = iter(referrals), list[Delivered]()
    if not endpoint.is_silent(courier.now()):
        done = _deliver_some(table, endpoint, rest, courier, holder)
    now = courier.now()
    for attribution_id in rest:
        deliveries.put_off(table, endpoint.id, attribution_id, now, now + _REST)
    return done


def deliver_due(table: Table, courier: Courier, holder: str) -> list[Delivered]:
    """Try again what is due, at each endpoint the oldest first, while there is time.

    The endpoints are served side by side, so that none waits for another.
    """

    def serve(endpoint: Endpoint) -> list[Delivered]:
        due = deliveries.due(table, endpoint.id, courier.now())
        return _deliver_some(table, endpoint, due, courier, holder)

    listening = [one for one in webhook_endpoints.every(table) if one.enabled]
    return [done for served in side_by_side(serve, listening) for done in served]


def _deliver_some(
    table: Table, endpoint: Endpoint, referrals: Iterator[str], courier: Courier, holder: str
) -> list[Delivered]:
    """A few at a time, while there is time and anything arrives; the rest stays in the iterator."""
    done = list[Delivered]()
    while table.in_time and (some := list(islice(referrals, _AT_ONCE))):
        if endpoint.url is None:
            put = put_in_order(table, endpoint, some, courier.now(), holder)
            done.append(Delivered(put))
            continue
        ended = side_by_side(lambda one: deliver(table, endpoint, one, courier, holder), some)
        done += ended
        if all(one.problem for one in ended) or _mostly_silent(ended):
            break
    now = courier.now()
    if _mostly_silent(done):
        endpoint_health.fell_silent(table, endpoint.id, now + _SILENCE)
    elif endpoint.silent_until is not None and any(one.arrived for one in done):
        endpoint_health.is_back(table, endpoint.id)
    return done


def _mostly_silent(done: list[Delivered]) -> bool:
    tried = [one for one in done if one.arrived or one.problem]
    return 2 * sum(one.silent for one in tried) > len(tried)


@dataclass
class _Run:
    table: Table
    endpoint: Endpoint
    courier: Courier
    arrived: int = 0
    problem: str | None = None
    silent: bool = False
    switched_off: bool = False

    def send_new(self, held: Delivery) -> Delivery | None:
        """Send what is new, and let go; the delivery where more has come meanwhile."""
        try:
            found = trail.read(self.table, held.attribution_id)
        except (LookupError, TypeError, ValueError):
            found = None
        except Exception as error:
            if not too_busy(error):
                raise
            deliveries.postponed(self.table, held, self.courier.now() + _MOVED)
            return None
        if found is None:
            # Ours to repair, and nobody else's events wait for it.
            self._keep(held, Answer(problem="the referral cannot be read"))
            return None
        return self._send(held, found)

    def _send(self, held: Delivery, found: Trail) -> Delivery | None:
        due = [step for step in found.after(held.sent) if self.endpoint.hears(step)]
        view = self.courier.view(found.about)
        for number, step in enumerate(due):
            if number and not self.table.in_time:
                deliveries.postponed(self.table, held, self.courier.now())
                return None
            event = event_of(held.attribution_id, step, found.sequence(step), view)
            answer = self.courier.send(self.endpoint, event)
            if not answer.arrived:
                self.silent = answer.silent
                self._keep(held, answer)
                return None
            self.arrived += 1
            endpoint_health.note_arrival(self.table, self.endpoint, self.courier.now())
            if step is not due[-1]:
                held = deliveries.arrived(self.table, held, step.place, self.courier.now())
        last = max(held.sent, found.steps[-1].place)
        return deliveries.finished(self.table, held, last, self.courier.now())

    def _keep(self, held: Delivery, answer: Answer) -> None:
        """What did not arrive is kept for the next try, if there is to be one."""
        self.problem, now = answer.told, self.courier.now()
        pause = wait(held.tries + 1, answer, self.courier.luck(), now)
        if answer.gone:
            self._switch_off(answer, now)
        elif pause is not None:
            deliveries.failed(self.table, held, answer.told, now, now + pause)
            return
        elif self._has_failed_for_days(now):
            self._switch_off(answer, now)
        deliveries.given_up(self.table, held, answer.told, now)

    def _switch_off(self, answer: Answer, now: datetime) -> None:
        self.switched_off = endpoint_health.disable(self.table, self.endpoint.id, answer.told, now)

    def _has_failed_for_days(self, now: datetime) -> bool:
        """Whether it takes nothing at all: one event that it does not like is no reason."""
        fresh = webhook_endpoints.get(self.table, self.endpoint.id)
        return fresh is not None and now - (fresh.arrived_at or fresh.created_at) > _FAILING
