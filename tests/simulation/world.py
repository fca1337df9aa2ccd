"""One world for one history: its time, its dice, its faults, and the service that lives in it."""

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

from ulid import ULID

from referrals.acts import erasure, feeding
from referrals.acts.recount import lasting
from referrals.dynamodb import side_by_side
from referrals.dynamodb import table as table_module
from referrals.dynamodb.table import Table
from referrals.edge import auth, clock, service, settings, starting, telemetry
from referrals.edge import webhook_courier as couriers
from referrals.rules.ids import CODE_LENGTH, code_from
from referrals.rules.plans import PLANS, Plan
from referrals.store import codes, metering, trail
from referrals.views import funnel
from tests.functions.receiving import Receiving
from tests.functions.running import SIGNING_SECRET
from tests.iam import guard, roles
from tests.simulation.actor import Actor
from tests.simulation.emulator import Emulator
from tests.simulation.faults import FAULTS, Call, Client, Fault
from tests.simulation.process import HANDLERS, Process
from tests.simulation.scheduler import Scheduler
from tests.simulation.standins import Dice, InTurn, Time, nothing

SECRET = "the simulation's hashing secret"
MOST_SKEW = timedelta(minutes=10)
# A click that is stored later than this may show late: the documented behaviour, not the code's.
COUNTED_AFTER = timedelta(seconds=15)
_SECRETS = {
    "HashingSecret": SECRET,
    "StripeSecret": json.dumps({"signing_secrets": [SIGNING_SECRET]}),
}
_SDK_ATTEMPTS = 4
_WAITING = (table_module, metering, codes, auth, funnel, lasting, feeding, trail)
# The emulator knows a request by its token, whichever world of this process sent it.
_worlds = count()


class Step(NamedTuple):
    """One call to DynamoDB, and what befell it."""

    at: datetime
    actor: str
    number: int
    call: Call
    fault: Fault
    result: str

    def __str__(self) -> str:
        fault = "" if self.fault is Fault.NONE else f"  << {self.fault} >>"
        return (
            f"{self.at:%d %H:%M:%S.%f} {self.actor:<24} {self.number:>3} "
            f"{self.call.operation:<18} {self.call.places}{fault}  {self.result}"
        )


@dataclass(frozen=True)
class Faults:
    """How often a call goes wrong, and in which ways."""

    rate: float = 0.0
    kinds: frozenset[Fault] = frozenset(FAULTS)
    skewed: bool = False
    most_skew: timedelta = MOST_SKEW
    # The share of actors whom nothing befalls: where all stumble, nobody arrives together.
    lucky: float = 0.0
    # Where nobody is held up, calls of the same kind meet; where some are, they overtake.
    stalls: float = 0.1
    # The share of requests of which a call is held until they were sent again and answered.
    held: float = 0.0
    # Where given, the calls that may go wrong: (actor, number).
    only: frozenset[tuple[str, int]] | None = None


class World:
    """Everything that the service cannot tell from the real world."""

    def __init__(self, emulator: Emulator, seed: int, start: datetime, faults: Faults) -> None:
        self.emulator, self.seed, self.faults = emulator, seed, faults
        self.scheduler = Scheduler(start)
        self.trace: list[Step] = []
        self.failures = 0
        self.unprovoked: list[str] = []
        self.faulty = False
        # Functions that were started and have not run, and who listens for events.
        self.started: list[tuple[str, Mapping[str, Any]]] = []
        self.receiving: Any = Receiving()
        self._number, self._tokens, self._requests = next(_worlds), count(), count(1)
        self._clients = [Client(emulator, self, attempts) for attempts in (_SDK_ATTEMPTS, 1)]
        self.actor = self.new_actor("setup")

    @property
    def now(self) -> datetime:
        """The true time."""
        return self.scheduler.now

    def new_actor(self, name: str) -> Actor:
        return Actor(self, name, Random(f"{self.seed}/{name}"))

    def new_process(self, chance: Random) -> Process:
        table = Table(self.emulator.name, self._clients[0])  # type: ignore[arg-type]
        table.__dict__["unrepeated"] = self._clients[1]
        wrong = chance.uniform(-1, 1) if self.faults.skewed else 0.0
        return Process(table, self.faults.most_skew * wrong)

    # What befalls a call: see faults.Weather.

    def before(self, call: Call) -> Fault:
        actor = self.actor
        stalled = actor.chance.random() < self.faults.stalls
        actor.wait(actor.chance.uniform(0.2, 3) if stalled else actor.chance.uniform(0.008, 0.012))
        actor.calls += 1
        strikes = actor.chance.random() < actor.rate
        possible = [fault for fault in call.possible if fault in self.faults.kinds]
        if Fault.STALE in possible:
            # Few reads may be behind: of those that go wrong, half are.
            possible += [Fault.STALE] * (len(possible) - 2)
        fault = actor.chance.choice(possible) if possible else Fault.NONE
        only = self.faults.only
        spared = only is not None and (actor.name, actor.calls) not in only
        held = actor.hold is not None and actor.hold.meets(call)
        if not self.faulty or spared:
            return Fault.NONE
        if held:
            return self._hold(actor)
        if not strikes:
            return Fault.NONE
        actor.struck += 1
        return fault

    def _hold(self, actor: Actor) -> Fault:
        assert actor.hold is not None
        fault = actor.hold.fault
        alone = actor.go_on_alone()
        alone.wait(alone.chance.uniform(60, 300))
        return fault

    def after(self, call: Call, fault: Fault, result: str) -> None:
        self.trace.append(Step(self.now, self.actor.name, self.actor.calls, call, fault, result))

    def wait(self, seconds: float) -> None:
        self.actor.wait(seconds)

    def later(self, act: Callable[[], object]) -> None:
        delay = timedelta(seconds=self.actor.chance.uniform(0.1, 8))
        self.scheduler.start(act, self.now + delay)

    def index_answer(self, call: Call, body: bytes) -> tuple[int, dict[str, Any]]:
        return self.emulator.ask_behind(call.operation, body, self.actor.chance)

    def note_roll_up(self) -> None:
        """Whoever acts is about to count the clicks of all minutes that are over by their clock."""
        over = (self._clock() - COUNTED_AFTER).replace(second=0, microsecond=0)
        self.emulator.note_roll_up(f"{over:%FT%T}.000Z")

    def token(self) -> str:
        return f"token-{self._number}-{next(self._tokens)}"

    def new_request_id(self) -> str:
        """As API Gateway gives one to each request."""
        return f"Request{next(self._requests)}="

    # What the service takes from its surroundings.

    @contextmanager
    def inhabited(
        self, environment: Mapping[str, str], plans: Mapping[str, Plan]
    ) -> Iterator[None]:
        """Let the real handlers live here, in this environment and with these plans."""
        told = {"TABLE_NAME": self.emulator.name, "HASHING_SECRET": roles.arn("HashingSecret")}
        told |= {"STRIPE_SECRET": roles.arn("StripeSecret"), **environment}
        told["DELIVER_EVENTS"] = roles.arn(f"DeliverEventsFunction{roles.ALIAS}")
        time, metrics = Time(self), telemetry.metrics.provider
        replaced: list[tuple[Any, str, Any]] = [
            (service, "table", lambda: self.actor.process.table),
            (settings, "_secret", guard.secrets(_SECRETS)),
            (starting, "start", guard.starts(self.started)),
            (couriers, "sender", lambda: self.receiving),
            (couriers, "random", Dice(self)),
            (clock, "now", self._clock),
            (clock, "new_ulid", self.new_ulid),
            (clock, "new_code", lambda: code_from(self.actor.chance.randbytes(CODE_LENGTH))),
            (table_module, "random", Dice(self)),
            (side_by_side, "ThreadPoolExecutor", InTurn),
            # Few have more referrals and bookings here than one call of an erasure takes on.
            (erasure, "_REFERRALS_AT_ONCE", 1),
            (erasure, "_BOOKINGS_AT_ONCE", 2),
            *((module, "time", time) for module in _WAITING),
            (HANDLERS["stripe_webhook"], "time", time),
            # Who has a token is who it names.
            (auth, "verified_claims", lambda token, _: {"sub": token}),
            (metrics, "add_metric", nothing),
            (metrics, "flush_metrics", nothing),
        ]
        before = [(place, name, getattr(place, name)) for place, name, _ in replaced]
        caches = auth._recent_keys, codes._recent, metering._seen
        disabled = logging.root.manager.disable
        with patch.dict(os.environ, told), patch.dict(PLANS, plans):
            logging.disable(logging.CRITICAL)
            settings.settings.cache_clear()
            for place, name, value in replaced:
                setattr(place, name, value)
            try:
                yield
            finally:
                for place, name, value in before:
                    setattr(place, name, value)
                auth._recent_keys, codes._recent, metering._seen = caches
                settings.settings.cache_clear()
                logging.disable(disabled)

    def _clock(self) -> datetime:
        at = self.now + self.actor.process.skew
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def new_ulid(self, at: datetime) -> ULID:
        """A ULID by these dice."""
        chance = self.actor.chance.getrandbits(80).to_bytes(10, "big")
        return ULID.from_bytes(int(at.timestamp() * 1000).to_bytes(6, "big") + chance)

    def struck(self) -> Counter[Fault]:
        """The faults that befell calls, by kind."""
        return Counter(step.fault for step in self.trace if step.fault is not Fault.NONE)

    def digest(self) -> str:
        """What happened, in a word: the same for the same seed."""
        found = hashlib.sha256()
        for step in self.trace:
            places = sorted(step.call.places.split())
            found.update(f"{step.actor} {step.call.operation} {places}".encode())
            found.update(f"{step.fault} {step.result}\n".encode())
        return found.hexdigest()[:16]
