"""Turns and time: who goes on is whose time comes next, and no time passes otherwise."""

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

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
        self._wake(greenlet.greenlet(act), at)

    def wait(self, delay: timedelta) -> None:
        """Let time pass for the one who calls, and the others go on meanwhile."""
        me = greenlet.getcurrent()
        if me is self._hub:
            self.now += delay
            return
        self._wake(me, self.now + delay)
        self._hub.switch()

    def run(self) -> None:
        """Until nobody has anything left to do."""
        while self._queue:
            at, _, actor = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            actor.switch()

    def _wake(self, actor: greenlet.greenlet, at: datetime) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), actor))
