"""Histories of a programme whose credits are outside: payments, claims, faults and crashes.

A run that is held between two calls is a run in whose middle all that others do happens: the next
recovery, a refund, hours. Whatever happened, once all is well again the ledger is what is outside.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from referrals.acts.erasure import erase
from referrals.rules.rewards import claimed
from referrals.store.items import attribution_from
from tests.outside.scene import OutsideScene
from tests.outside.stripe_account import FATES
from tests.samples import PAID, SECRET
from tests.tables import everything

USERS = ("new1", "new2")
_STEPS = 14
_HELD_AT_MOST = timedelta(minutes=15)


class Crash(BaseException):
    """The process died: no `except Exception` hears of it."""


class _Shaken:
    """A DynamoDB client in whose calls things happen."""

    def __init__(self, client: Any, around: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._client, self._around = client, around
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return lambda **arguments: self._around(name, lambda: call(**arguments))


@dataclass
class History:
    """One history by its seed."""

    seed: int
    backend: str
    scene: OutsideScene = field(init=False)
    crashes: int = 0
    held: int = 0
    wrong: list[str] = field(default_factory=list)
    _depth: int = 0
    _calm: bool = False
    _erased: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.backend} {self.seed}")
        self.scene = OutsideScene(self.backend, hold_days=self.chance.choice([0, 0, 0, 2]))
        table = self.scene.table
        table.client = _Shaken(table.client, self._around_table)  # type: ignore[assignment]
        table.__dict__["unrepeated"] = table.client
        self.scene.wire.before = self._before_wire
        self.rate = self.chance.choice([0.0, 0.05, 0.2])
        self.refunded = dict.fromkeys(USERS, 0)

    def run(self) -> list[str]:
        """What is wrong in the end."""
        acts = [self._pay, self._pay, self._recover, self._recover, self._recover, self._claim]
        acts += [self._claim, self._dispute, self._spend, self._wait, self._wait, self._link]
        acts += [self._rarely, self._recount]
        if self.chance.random() < 0.7:
            self._act(self._link)
        self._act(self._pay)
        for _ in range(_STEPS):
            self._act(self.chance.choice(acts))
        return self._healed()

    # ---- what happens

    def _act(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Crash:
            self.crashes += 1
        except Exception as error:
            if type(error).__name__ not in ("Busy", "StateConflict", "InvalidRequest"):
                raise

    def _pay(self) -> None:
        self.scene.paid(self.chance.choice(USERS))

    def _recover(self) -> None:
        self.scene.recovered(ignore_backoff=self.chance.random() < 0.5)

    def _claim(self) -> None:
        user = self.chance.choice(USERS)
        self.refunded[user] = self.chance.choice([0, PAID // 3, PAID // 2, PAID])
        self.scene.claim(max(self.refunded[user], 0), user)

    def _dispute(self) -> None:
        user = self.chance.choice(USERS)
        self.scene.disputed(user)
        if self.chance.random() < 0.5:
            self.scene.later(timedelta(minutes=1))
            self.scene.disputed(user, closed=True, won=True)

    def _spend(self) -> None:
        user = self.chance.choice(("ref", *USERS))
        self.scene.spend(user, self.chance.choice([10, 2_500, 50_000]))

    def _wait(self) -> None:
        by = self.chance.choice([1, 10, 60, 60 * 7, 60 * 21, 60 * 25])
        self.scene.later(timedelta(minutes=by))

    def _link(self) -> None:
        self.scene.link("ref")

    def _recount(self) -> None:
        """Whatever is under way, there is no difference as long as the outside answers."""
        self._calm, before = True, self._calm
        self.wrong += self.scene.told()
        self._calm = before

    def _rarely(self) -> None:
        user = self.chance.choice(("ref", *USERS))
        if self.chance.random() < 0.3:
            self._erased.add(user)
            erase(self.scene.table, SECRET, user, None, self.scene.programme)
        else:
            self.scene.delete(user)

    # ---- how it is disturbed

    def _before_wire(self, method: str, path: str) -> str | None:
        if self._calm:
            return None
        self._disturbed(f"{method} {path}")
        return self.chance.choice(FATES) if self.chance.random() < 2 * self.rate else None

    def _around_table(self, name: str, call: Callable[[], Any]) -> Any:
        if self._calm or name in ("scan", "query"):
            return call()
        self._disturbed(name)
        answer = call()
        self._maybe_crash()
        return answer

    def _maybe_crash(self) -> None:
        if self.chance.random() < self.rate / 3:
            raise Crash

    def _disturbed(self, _call: str) -> None:
        self._maybe_crash()
        if self._depth < 2 and self.chance.random() < self.rate / 2:
            self._depth += 1
            self.held += 1
            try:
                # Others go on while this one is held.
                for act in self.chance.sample(
                    [self._recover, self._recover, self._claim, self._recount], 2
                ):
                    self._act(act)
                minutes = self.chance.uniform(0, _HELD_AT_MOST.total_seconds() / 60)
                self.scene.later(timedelta(minutes=minutes))
            finally:
                self._depth -= 1

    # ---- how it ends

    def _healed(self) -> list[str]:
        self._calm = True
        scene = self.scene
        for user in self._erased:
            erase(scene.table, SECRET, user, None, scene.programme)
        for user in USERS:
            # What died on its way is sent again, as Stripe does.
            if any(one["sk"] == "ATTRIBUTION" for one in everything(scene.table)):
                scene.claim(self.refunded[user], user)
        for user in ("ref", *USERS):
            if not scene.account.is_deleted(f"cus_{user}"):
                scene.link(user)
        for _ in range(8):
            scene.later(timedelta(hours=25))
            scene.recovered()
        return [*self.wrong, *scene.differences(), *scene.told(), *self._unfinished()]

    def _unfinished(self) -> list[str]:
        """Nothing is stuck: only who has no customer left waits."""
        found = list[str]()
        for item in everything(self.scene.table):
            one = attribution_from(item) if item["sk"] == "ATTRIBUTION" else None
            for reward in one.rewards if one else ():
                assert one is not None
                if reward.unlinked:
                    continue
                if reward in one.unsettled_rewards:
                    found.append(f"{reward.id}: stuck, {reward}")
                elif not reward.pending and claimed(one, reward):
                    found.append(f"{reward.id}: not in line with the claims")
        return found
