"""Running a history: everybody acts under faults, then the dust settles and the oracle speaks."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from referrals.acts.roll_up import roll_up
from referrals.dynamodb.table import Table
from referrals.edge.auth import new_key
from referrals.rules.clicks import Click
from referrals.rules.plans import PLANS
from referrals.rules.times import hour_floor
from referrals.store import api_keys, click_counts, clicks, codes, metering
from referrals.store.api_keys import ApiKey
from tests.simulation.acts import Act, Answers, Erase, Sending
from tests.simulation.arrivals import settled
from tests.simulation.emulator import Emulator
from tests.simulation.listening import Receivers, Tell, listen
from tests.simulation.looking import Look
from tests.simulation.oracle import Oracle
from tests.simulation.plan import AFTER_THE_WINDOW, CLICKS, CODES, NOON, History
from tests.simulation.world import Faults, Step, World

KEYS = {
    role: new_key(bytes([number]) * 20)
    for number, role in enumerate(("admin", "service", "metered"))
}
_OPENING, _AFTERWARDS = _FAULTLESS = ("opening", "afterwards")
_KEPT = timedelta(days=90)
_RUNS_UNTIL_QUIET = 8
_LONGEST_BACKOFF = 7 * 3600


@dataclass(frozen=True)
class Result:
    """What came of a history."""

    history: History
    violations: list[str]
    trace: list[Step]
    answers: Answers
    world: World

    @property
    def under_faults(self) -> list[Step]:
        """The calls made while faults were on."""
        return [step for step in self.trace if step.actor not in _FAULTLESS]


@cache
def emulator() -> Emulator:
    """One emulator for all histories of this process."""
    return Emulator()


@cache
def beginning() -> dict[str, dict[str, Any]]:
    """The items with which every history begins: codes, keys, clicks, and who pays for staff."""
    world = World(emulator(), 0, NOON, Faults())
    table = world.actor.process.table
    with world.inhabited({}, {}):
        for user, code in CODES.items():
            codes.create(table, user, code)
        for name, key in KEYS.items():
            role = "service" if name == "service" else "admin"
            made = ApiKey(id=f"key_{name}", user_id=name, role=role, created_at=NOON)
            api_keys.create(table, key, made)
            if name != "metered":
                metering.set_plan(table, name, "enterprise", overage=False)
        for click_id, (user, campaign) in CLICKS.items():
            visit = Click(
                click_id=click_id, code=CODES[user], clicked_at=NOON, utm_campaign=campaign
            )
            clicks.record_given(table, visit, world.new_ulid(NOON), _KEPT)
    return emulator().snapshot()


def run(history: History) -> Result:
    """Everything that happens, and whether it was right."""
    emulator().restore(beginning())
    world, answers = World(emulator(), history.seed, history.start, history.faults), Answers()
    with world.inhabited(history.environment, PLANS | {"free": history.plan}):
        if any(isinstance(act, Tell) for act in history.acts):
            listen(_table(world))
            world.receiving = Receivers(world)
        sending = Sending(world.new_actor(_OPENING), KEYS, answers)
        for act in history.opening:
            act.do(sending)
        _rolled_up_meanwhile(world)
        world.faulty = True
        for act in history.acts:
            _begin(world, act, answers)
        world.scheduler.run()
        world.faulty = False
        found = _settled(world, history, answers)
        verdict = Oracle(history, answers, _table(world)).verdict()
    return Result(history, [*found, *verdict], world.trace, answers, world)


def _begin(world: World, act: Act, answers: Answers) -> None:
    actor = world.new_actor(act.name)
    sending = Sending(actor, KEYS, answers)
    world.scheduler.start(lambda: act.do(sending), world.now + act.at)


def _settled(world: World, history: History, answers: Answers) -> list[str]:
    """Without faults: what was not acknowledged is sent again, then the schedules run."""
    world.faults = Faults()
    staff = Sending(world.new_actor(_AFTERWARDS), KEYS, answers)
    _rolled_up_meanwhile(world)
    remaining, answers.unanswered = answers.unanswered, []
    # An erasure first: who takes credits back must wait for it.
    for act in sorted(remaining, key=lambda one: not isinstance(one, Erase)):
        act.do(staff)
    if world.now >= history.start + AFTER_THE_WINDOW:
        staff.actor.invoke("expire_attributions", {})
    # The first may be taken up by one that was begun while things went wrong.
    for _ in range(2):
        _reconciled(staff)
    staff.actor.wait(history.hold.total_seconds())
    _recovered(staff)
    _rolled_up_meanwhile(world)
    staff.actor.invoke("roll_up_clicks", {})
    differences = _reconciled(staff)
    for act in history.acts:
        if isinstance(act, Look):
            act.once(staff)
    unheard = settled(staff, _table(world))
    return [
        *(f"{act.name}: not answered though nothing is wrong" for act in answers.unanswered),
        *(f"reconcile: {one}" for one in differences),
        *answers.misled,
        *unheard,
        *world.unprovoked,
    ]


def _reconciled(staff: Sending) -> list[str]:
    """The schedule begins it, and goes on with it until it is done; what it tells."""
    told: list[str] = []
    event: dict[str, Any] = {}
    while (report := staff.actor.invoke("reconcile", event)) is not None:
        told += report["differences"]
        if report["done"]:
            return told
        event = {"left": True}
    return ["it failed"]


def _rolled_up_meanwhile(world: World) -> None:
    """What the schedule did every minute of the days before: without clicks it moves the marks."""
    table = _table(world)
    marks, lately = click_counts.marks(table), world.now - timedelta(hours=2)
    if marks is None or marks.closed > lately - timedelta(days=1):
        return
    # Also what came in the hours that were open then.
    roll_up(table, marks.until + timedelta(hours=6))
    for name in marks._fields:
        click_counts.mark(table, name, hour_floor(lately))


def _recovered(staff: Sending) -> None:
    """The schedule runs until nothing is tried any more; postponed rewards get their time."""
    for _ in range(_RUNS_UNTIL_QUIET):
        staff.actor.wait(_LONGEST_BACKOFF)
        done = staff.actor.invoke("recover_grants", {})
        if done is not None and not done["attempted"]:
            return


def _table(world: World) -> Table:
    return world.actor.process.table
