"""Turns and time: who goes on is whose time comes next, and no time passes otherwise."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import greenlet


class Scheduler:
    """Actors in virtual time. Chance enters by how long each of them takes."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._hub = greenlet.getcurrent()
        self._queue: list[tuple[datetime, int, greenlet.greenlet]] = []
        self._numbers = itertools.count()

    def start(self, act: Callable[[], object], at: datetime) -> None:
        """Let an actor begin at a time."""
        # Whoever starts it is waiting for something else: at its end the hub goes on.
        self._wake(greenlet.greenlet(act, parent=self._hub), at)

    def wait(self, delay: timedelta) -> None:
        """Let time pass for the one who calls, and the others go on meanwhile."""
        me = greenlet.getcurrent()
        if me is self._hub:
            self.now += delay
            return
        self._wake(me, self.now + delay)
        self._hub.switch()

    def together(self, acts: Sequence[Callable[[], object]]) -> None:
        """Let several act at the same time, and the one who calls go on when all are done."""
        me, left = greenlet.getcurrent(), len(acts)
        if me is self._hub:
            for act in acts:
                act()
            return

        def begun(act: Callable[[], object]) -> None:
            nonlocal left
            act()
            left -= 1
            if not left:
                self._wake(me, self.now)

        for act in acts:
            self.start(partial(begun, act), self.now)
        self._hub.switch()

    def run(self) -> None:
        """Until nobody has anything left to do."""
        while self._queue:
            at, _, actor = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            actor.switch()

    def _wake(self, actor: greenlet.greenlet, at: datetime) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), actor))
