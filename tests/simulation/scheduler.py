"""Turns and time: who goes on is whose time comes next, and no time passes otherwise."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import greenlet

# What they hear who were left alone.
GIVEN_UP = object()


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

    def ask(self, act: Callable[[], object]) -> Any:
        """What comes of an act; GIVEN_UP where it went on alone before it came to an end."""
        me = greenlet.getcurrent()
        if me is self._hub:
            return act()
        # Who wakes up without an answer is given an empty one.
        answer = greenlet.greenlet(lambda: (act(),), me).switch()
        return answer[0] if answer else GIVEN_UP

    def go_on_alone(self, after: timedelta) -> None:
        """From now on nobody waits for the act that calls; who asked for it gives up in a while."""
        me = greenlet.getcurrent()
        asker, me.parent = me.parent, self._hub
        self._wake(asker, self.now + after)

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
