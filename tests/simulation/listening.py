"""Who listens in a history: receivers that fail and senders that die, a stream that stutters."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

from referrals.dynamodb.table import Table
from referrals.rules.events import EventType
from referrals.rules.retries import Answer
from referrals.rules.webhook_signature import secret_of
from referrals.store import webhook_endpoints
from referrals.store.webhook_endpoints import Endpoint
from tests.simulation.acts import Act, Sending
from tests.simulation.faults import Crash
from tests.simulation.plan import NOON
from tests.simulation.world import SECRET

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
    # In many histories one takes nothing any more, sooner or later, for days.
    dead: str | None = field(init=False)
    _dies_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        chance = Random(f"{self.world.seed}/dies")
        self.dead = chance.choice([*ENDPOINTS, None])
        self._dies_at = self.world.now + timedelta(seconds=chance.uniform(-1, 6))

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        chance = self.world.actor.chance
        self.world.wait(chance.uniform(0.01, 0.3))
        if _name(url) == self.dead and self.world.now > self._dies_at:
            return chance.choice(_FAILURES)
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
        name, event_id = _name(url), headers["webhook-id"]
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signed = Webhook(secret_of(SECRET.encode(), name, "salt")).sign(event_id, at, body)
        if headers["webhook-signature"] != signed:
            self.forged.append(f"{name}: {event_id} is not signed as it should be")
        self.got[name].append(event_id)


def _name(url: str) -> str:
    return url.removeprefix("https://").partition(".")[0]


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
        world.receiving.asked.append(asked(sending, actor.chance.randint(1, 9), pages=2))


def asked(sending: Sending, limit: int, pages: int) -> list[str]:
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
