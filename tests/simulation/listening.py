"""Who listens in a history: receivers that fail and senders that die, a stream that stutters."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

from referrals.dynamodb.table import Table
from referrals.rules.events import EventType, Step, event_of
from referrals.rules.retries import Answer
from referrals.rules.webhook_signature import secret_of
from referrals.store import trail, webhook_endpoints
from referrals.store.trail import Trail
from referrals.store.webhook_endpoints import Endpoint
from tests.simulation.acts import Act, Sending
from tests.simulation.faults import Crash
from tests.simulation.plan import NOON
from tests.simulation.world import SECRET
from tests.tables import everything

if TYPE_CHECKING:
    from tests.simulation.world import World

LONG_AGO = NOON - timedelta(days=365)
ENDPOINTS = {
    "we_all": frozenset[EventType](),
    "we_some": frozenset({EventType.REWARDED, EventType.GRANTED, EventType.REVERSED}),
}
# It is sent nothing, and asks.
ASKS = "we_asks"
_FAILING = 0.3
_KILLED = 0.1
_GONE = 0.01
_STEPS = ("AUDIT#", "LEDGER#")
_FAILURES = (
    Answer(500),
    Answer(503, "30"),
    Answer(302),
    Answer(problem="no answer within 5 s", silent=True),
)


def tells(seed: int) -> list[Act]:
    """In some histories what the table's stream tells of comes at these times."""
    chance = Random(f"{seed}/listens")
    if chance.random() > _LISTENED_TO:
        return []
    times = [timedelta(seconds=chance.uniform(0, 6)) for _ in range(chance.randint(2, 5))]
    return [Tell(name=f"tells {number}", at=at) for number, at in enumerate(times, 1)]


_LISTENED_TO = 0.3


def listen(table: Table) -> None:
    """Let all of them listen, to what happened long ago as well."""
    for name, types in {**ENDPOINTS, ASKS: frozenset[EventType]()}.items():
        one = Endpoint(
            id=name,
            url=None if name == ASKS else f"https://{name}.example.com/",
            types=types,
            since=LONG_AGO,
            created_at=LONG_AGO,
            salt="salt",
        )
        webhook_endpoints.create(table, one)


@dataclass
class Receivers:
    """Stands in for the sender: while there are faults many events do not arrive."""

    world: "World"
    got: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sequences: dict[str, int] = field(default_factory=dict)
    forged: list[str] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    # What those who asked meanwhile had got by then.
    asked: list[list[str]] = field(default_factory=list)

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        chance = self.world.actor.chance
        self.world.wait(chance.uniform(0.01, 0.3))
        if not self.world.faulty:
            self._arrive(url, headers, body)
            return Answer(204)
        if chance.random() < _GONE:
            return Answer(410)
        if chance.random() < _KILLED:
            if chance.random() < 0.5:
                self._arrive(url, headers, body)
            raise Crash
        if chance.random() < _FAILING:
            return chance.choice(_FAILURES)
        self._arrive(url, headers, body)
        return Answer(204)

    def _arrive(self, url: str, headers: Mapping[str, str], body: str) -> None:
        name, event_id = url.removeprefix("https://").partition(".")[0], headers["webhook-id"]
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signed = Webhook(secret_of(SECRET.encode(), name, "salt")).sign(event_id, at, body)
        if headers["webhook-signature"] != signed:
            self.forged.append(f"{name}: {event_id} is not signed as it should be")
        self.got[name].append(event_id)


@dataclass(frozen=True, kw_only=True)
class Tell(Act):
    """The stream's reader is given what was put since: twice in part, in any order and batches."""

    name: str
    at: timedelta
    about: str = ""

    def do(self, sending: Sending) -> None:
        actor, world = sending.actor, sending.actor.world
        records = _untold(world)
        records += actor.chance.sample(records, k=len(records) // 2)
        actor.chance.shuffle(records)
        middle = actor.chance.randint(0, len(records))
        for batch in (records[:middle], records[middle:]):
            # Lambda gives a batch again until it is taken; here it may be forgotten too.
            if batch and actor.invoke("publish_events", {"Records": batch}) is None:
                actor.invoke("publish_events", {"Records": batch})
        while world.started:
            _, payload = world.started.pop()
            if actor.invoke("deliver_events", dict(payload)) is None:
                actor.wait(actor.chance.uniform(0, 70))
                actor.invoke("deliver_events", dict(payload))
        world.receiving.asked.append(_asked(sending, actor.chance.randint(1, 9), pages=2))


def _asked(sending: Sending, limit: int, pages: int) -> list[str]:
    """The first pages of what is asked for, or as far as they are answered."""
    got: list[str] = []
    query = {"endpoint": ASKS, "limit": str(limit)}
    for _ in range(pages):
        status, told = sending.request("pull_events", "GET", "/admin/events", query=query)
        if status != HTTPStatus.OK:
            break
        got += [one["id"] for one in told["items"]]
        if not told["more"]:
            break
        query["after"] = told["next_cursor"]
    return got


def _untold(world: "World") -> list[dict[str, Any]]:
    receivers = world.receiving
    found = []
    for pk, items in world.emulator.snapshot().items():
        for sk, item in items.items():
            steps = sk == "ATTRIBUTION" or sk.startswith(_STEPS)
            if steps and (pk, sk) not in receivers.told:
                receivers.told.add((pk, sk))
                keys = {"pk": {"S": pk}, "sk": {"S": sk}}
                found.append(
                    {
                        "eventName": "INSERT",
                        "dynamodb": {"Keys": keys, "NewImage": {**item, **keys}},
                    }
                )
    return found


def settled(staff: Sending, table: Table) -> list[str]:
    """Without faults: the schedules find what is missing; then all of it is replayed."""
    world = staff.actor.world
    if not webhook_endpoints.every(table):
        return []
    # In a process of its own: another may have been told to hurry.
    staff = Sending(world.new_actor(staff.actor.name), staff.keys, staff.answers)
    wrong = list(world.receiving.forged)
    trails = _trails(table)
    listening = {one.id: one.enabled for one in webhook_endpoints.every(table)}
    _quiet(staff)
    order = _asked(staff, 100, pages=100)
    wrong += _compared(ASKS, trails, order, once=True)
    wrong += [
        f"{ASKS}: was told {got}, and then {order}"
        for got in world.receiving.asked
        if got != order[: len(got)]
    ]
    for name, enabled in listening.items():
        if enabled and name != ASKS:
            wrong += _compared(name, trails, world.receiving.got[name], once=False)
    for name in ENDPOINTS:
        world.receiving.got[name] = []
        path = f"/admin/webhook-endpoints/{name}/replay"
        query = {"from": "2020-01-01T00:00:00Z"}
        status, done = staff.request("replay_events", "POST", path, query=query)
        while status == 200 and "next_cursor" in done:
            further = query | {"cursor": done["next_cursor"]}
            status, done = staff.request("replay_events", "POST", path, query=further)
        if status != 200:
            wrong.append(f"{name}: its replay was answered {status}")
    _quiet(staff)
    for name in ENDPOINTS:
        wrong += _compared(name, trails, world.receiving.got[name], once=True)
    return [*wrong, *world.receiving.forged]


def _quiet(staff: Sending) -> None:
    """The days go by: whatever waits gets its time, and each run has little."""
    for _ in range(2):
        staff.actor.wait(timedelta(hours=30).total_seconds())
        # It goes on where the last one had no more time.
        for _ in range(4):
            staff.actor.invoke("check_deliveries", {})
        while (staff.actor.invoke("deliver_events", {}) or {"arrived": 0})["arrived"]:
            staff.actor.wait(60)


def _trails(table: Table) -> list[Trail]:
    ids = [item["id"] for item in everything(table) if item["sk"] == "ATTRIBUTION"]
    return [found for one in ids if (found := trail.read(table, one)) is not None]


def _compared(name: str, trails: list[Trail], got: list[str], *, once: bool) -> Iterator[str]:
    """Every step at least once, or just once, each referral's in its order, and none besides."""
    types, invented = ENDPOINTS.get(name), set(got)
    for found in trails:
        wanted = [_id(found, step) for step in found.steps if not types or step.type in types]
        came = [one for one in got if one in set(wanted)]
        invented -= set(wanted)
        if (came if once else list(dict.fromkeys(came))) != wanted:
            yield f"{name}: {found.attribution.id} was sent {came}, not {wanted}"
    if invented:
        yield f"{name}: was sent what never happened: {sorted(invented)}"


def _id(found: Trail, step: Step) -> str:
    return event_of(found.attribution.id, step, found.sequence(step), {}).id
