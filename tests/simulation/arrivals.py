"""What must have come to whoever listens, when the dust has settled and days have gone by."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from http import HTTPStatus

from referrals.dynamodb.table import Table
from referrals.rules.events import Step, event_of
from referrals.store import deliveries, trail, webhook_endpoints
from referrals.store.trail import Trail
from tests.simulation.acts import Sending
from tests.simulation.listening import ASKS, ENDPOINTS, asked
from tests.tables import everything

# So many runs of the schedule, for each has little time.
_MINUTES = 30
# After so many hours: by then most of the ten tries have been made, or all.
_DAYS = (0.1, 1, 4, 12, 24, 39, 60, 73), (85, 110, 120)


def settled(staff: Sending, table: Table) -> list[str]:
    """Without faults: the schedules find what is missing; then all of it is replayed.

    Who was dead is dead for three days or five, and nobody else notices; a replay brings it all.
    """
    listening = {one.id: one.enabled for one in webhook_endpoints.every(table)}
    if not listening:
        return []
    world, receivers = staff.actor.world, staff.actor.world.receiving
    # In a process of its own: another may have been told to hurry.
    staff = Sending(world.new_actor(staff.actor.name), staff.keys, staff.answers)
    trails = _trails(table)
    dead, others = receivers.dead, [name for name in ENDPOINTS if name != receivers.dead]
    wrong = list(_dead_days(staff, table, others)) if dead else []
    if not dead:
        _quiet(staff, table)
    wrong += _in_order(staff, trails)
    for name in others:
        if listening[name]:
            wrong += _compared(name, trails, receivers.got[name], once=False)
    receivers.dead = None
    if dead:
        before = {name: list(receivers.got[name]) for name in others}
        wrong += _replayed(staff, table, [dead], trails)
        wrong += [
            f"{name}: noticed that another was replayed"
            for name in others
            if listening[name] and receivers.got[name] != before[name]
        ]
    wrong += _replayed(staff, table, others, trails)
    return [*wrong, *receivers.forged]


def _dead_days(staff: Sending, table: Table, others: Sequence[str]) -> Iterator[str]:
    """One takes nothing; whenever the schedule has run, a few minutes later no other waits."""
    passed = 0.0
    three, more = _DAYS
    for hours in (*three, *(more if staff.actor.world.seed % 2 else ())):
        staff.actor.wait(timedelta(hours=hours - passed).total_seconds())
        passed = hours
        if hours > 1:
            _looked_at(staff)
        if waiting := _sent(staff, table, others):
            yield f"after {hours} hours there waited for another: {waiting}"


def _sent(staff: Sending, table: Table, names: Sequence[str]) -> list[str]:
    """The schedule runs every minute, until nothing waits at some of those who listen; what does.

    A run may have no time for anything: here who is read side by side is read in turn.
    """
    for _ in range(_MINUTES):
        staff.actor.invoke("deliver_events", {})
        if not (waiting := _waiting(staff, table, names)):
            return []
        staff.actor.wait(60)
    return waiting


def _waiting(staff: Sending, table: Table, names: Sequence[str]) -> list[str]:
    """What is due at those who listen, by the clock of whoever sends."""
    now = staff.actor.world.now + staff.actor.process.skew
    listening = [one.id for one in webhook_endpoints.every(table) if one.enabled]
    return [one for name in names if name in listening for one in deliveries.due(table, name, now)]


def _in_order(staff: Sending, trails: Sequence[Trail]) -> Iterator[str]:
    """Whoever asks gets each event once; who asked before has got the beginning of the same."""
    order = asked(staff, 100, pages=100)
    yield from _compared(ASKS, trails, order, once=True)
    for got in staff.actor.world.receiving.asked:
        if got != order[: len(got)]:
            yield f"{ASKS}: was told {got}, and then {order}"


def _replayed(
    staff: Sending, table: Table, names: Sequence[str], trails: Sequence[Trail]
) -> list[str]:
    """Whoever takes everything again gets each event once and in order, by replay alone."""
    wrong, receivers = list[str](), staff.actor.world.receiving
    for name in names:
        receivers.got[name] = []
        path = f"/admin/webhook-endpoints/{name}/replay"
        query = {"from": "2020-01-01T00:00:00Z"}
        status, done = staff.request("replay_events", "POST", path, query=query)
        while status == HTTPStatus.OK and "next_cursor" in done:
            further = query | {"cursor": done["next_cursor"]}
            status, done = staff.request("replay_events", "POST", path, query=further)
        if status != HTTPStatus.OK:
            wrong.append(f"{name}: its replay was answered {status}")
    _quiet(staff, table)
    for name in names:
        wrong += _compared(name, trails, receivers.got[name], once=True)
    return wrong


def _quiet(staff: Sending, table: Table) -> None:
    """The days go by: whatever waits gets its time, and each run has little."""
    for _ in range(2):
        staff.actor.wait(timedelta(hours=30).total_seconds())
        _looked_at(staff)
        _sent(staff, table, [*ENDPOINTS, ASKS])


def _looked_at(staff: Sending) -> None:
    """The daily look goes on where the last one had no more time."""
    for _ in range(4):
        staff.actor.invoke("check_deliveries", {})


def _trails(table: Table) -> list[Trail]:
    ids = [item["id"] for item in everything(table) if item["sk"] == "ATTRIBUTION"]
    return [found for one in ids if (found := trail.read(table, one)) is not None]


def _compared(
    name: str, trails: Sequence[Trail], got: Sequence[str], *, once: bool
) -> Iterator[str]:
    """Every step at least once, or just once, each referral's in its order, and none besides."""
    types, invented = ENDPOINTS.get(name), set(got)
    for found in trails:
        wanted = [_id(found, step) for step in found.steps if not types or step.type in types]
        came = [one for one in got if one in set(wanted)]
        invented -= set(wanted)
        if (came if once else list(dict.fromkeys(came))) != wanted:
            yield f"{name}: {found.id} was sent {came}, not {wanted}"
    if invented:
        yield f"{name}: was sent what never happened: {sorted(invented)}"


def _id(found: Trail, step: Step) -> str:
    return event_of(found.id, step, found.sequence(step), {}).id
