"""Who listens to a programme on a table: what they answer, what they got, and what was written."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from referrals.acts.delivering import Courier, Delivered, deliver, deliver_due, deliver_new
from referrals.acts.publishing import News, news
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.clicks import Click
from referrals.rules.events import Event, EventType
from referrals.rules.ids import attribution_id
from referrals.rules.retries import Answer
from referrals.store import trail, webhook_endpoints
from referrals.store.webhook_endpoints import Endpoint
from tests.samples import NOW, SECRET
from tests.store.scene import Scene
from tests.tables import everything

NEW = attribution_id(SECRET, "new")
GOOD = Answer(200)

# What a receiver answers, or what comes to it.
Script = Answer | Callable[[Event], Answer]


@dataclass
class Listening:
    """A programme, its receivers, a clock that tests move, and a stream of what was written."""

    scene: Scene = field(default_factory=Scene)
    now: datetime = NOW
    got: defaultdict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    # What a receiver answers next, and then always.
    answers: defaultdict[str, list[Script]] = field(default_factory=lambda: defaultdict(list))
    always: dict[str, Script] = field(default_factory=dict)
    _written: dict[tuple[str, str], Any] = field(default_factory=dict)
    _runs: int = 0

    @property
    def table(self) -> Table:
        return self.scene.table

    def listen(
        self,
        endpoint_id: str = "we_1",
        types: frozenset[EventType] = frozenset(),
        since: datetime = NOW,
        *,
        asks: bool = False,
    ) -> None:
        one = Endpoint(
            id=endpoint_id,
            url=None if asks else f"https://{endpoint_id}.example.com/",
            types=types,
            since=since,
            created_at=since,
            salt="salt",
        )
        webhook_endpoints.create(self.table, one)

    def endpoint(self, endpoint_id: str = "we_1") -> Endpoint:
        found = webhook_endpoints.get(self.table, endpoint_id)
        assert found is not None
        return found

    @property
    def courier(self) -> Courier:
        return Courier(view=_view, send=self._send, now=lambda: self.now, luck=lambda: 0.5)

    def _send(self, endpoint: Endpoint, event: Event) -> Answer:
        script = self.answers[endpoint.id]
        told = script.pop(0) if script else self.always.get(endpoint.id, GOOD)
        answer = told if isinstance(told, Answer) else told(event)
        if answer.arrived:
            self.got[endpoint.id].append(event)
        return answer

    def deliver(self, endpoint_id: str = "we_1", one: str = NEW) -> Delivered:
        endpoint = self.endpoint(endpoint_id)
        return deliver(self.table, endpoint, one, self.courier, self._holder())

    def deliver_new(self, *ones: str, endpoint_id: str = "we_1") -> list[Delivered]:
        return deliver_new(self.table, endpoint_id, ones, self.courier, self._holder())

    def deliver_due(self, after: timedelta = timedelta(0)) -> list[Delivered]:
        self.now += after
        return deliver_due(self.table, self.courier, self._holder())

    def _holder(self) -> str:
        self._runs += 1
        return f"run-{self._runs}"

    def stream(self) -> list[dict[str, Any]]:
        """What was put since this was last asked, as the table's stream tells of it."""
        items = {(item["pk"], item["sk"]): item for item in everything(self.table)}
        new = [item for place, item in items.items() if place not in self._written]
        self._written |= items
        return new

    def news(self, written: list[dict[str, Any]] | None = None) -> News:
        """What the stream, or some items of it, are news for."""
        items = self.stream() if written is None else written
        return news(self.table, [step for step in map(trail.step_of, items) if step])

    def types(self, endpoint_id: str = "we_1") -> list[str]:
        return [event.type.value for event in self.got[endpoint_id]]


def _view(one: Attribution | Click) -> dict[str, Any]:
    if isinstance(one, Click):
        return {"click": {"click_id": one.click_id}}
    return {"attribution": {"id": one.id, "status": one.status.value}}
