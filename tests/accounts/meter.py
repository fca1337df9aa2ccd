"""An account as its meter stands: put near any limit, and rushed by requests at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any, TypeVar

from referrals.dynamodb.table import Table
from referrals.rules.credits import Window, window_at
from referrals.rules.errors import LimitExceeded
from referrals.rules.plans import DEFAULT_PLAN
from referrals.store import keys, metering
from referrals.store.metering import Charge

T = TypeVar("T")

USER = "user-1"
# The last seconds of a month: every window ends with it.
NOW = datetime(2026, 11, 30, 23, 59, 20, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 12, 1, 0, 0, 5, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 21, 0, 0, 5, tzinfo=UTC)
MIDDAY = datetime(2026, 11, 20, 12, 30, 40, tzinfo=UTC)
NEXT_MINUTE = MIDDAY + timedelta(seconds=20)


def put(
    table: Table, plan: str = DEFAULT_PLAN, at: datetime = MIDDAY, **attributes: Any
) -> dict[str, Any]:
    """Write the account as it would stand after some use in the windows of `at`."""
    key = keys.credits(USER)
    item: dict[str, Any] = {
        "pk": key.pk,
        "sk": key.sk,
        **{window.value: window_at(window, at) for window in Window},
        **dict.fromkeys(("minute_used", "day_used", "included_used"), 0),
        **dict.fromkeys(("granted_used", "overage_used", "balance", "spent"), 0),
        **({} if plan == DEFAULT_PLAN else {"plan": plan}),
        **attributes,
    }
    table.write(table.put("account", item))
    return item


def stored(table: Table) -> dict[str, Any]:
    """The account's item."""
    item = table.get(keys.credits(USER))
    assert item is not None
    return item


def used(table: Table) -> dict[str, Any]:
    """What the account's item counts, zeroes left out."""
    item = stored(table)
    return {name: item[name] for name in sorted(item) if isinstance(item[name], int) and item[name]}


def charge(table: Table, at: datetime = MIDDAY) -> Charge:
    return metering.charge(table, USER, at)


def refusal(table: Table, at: datetime = MIDDAY) -> LimitExceeded:
    """Why the next request is refused."""
    try:
        charge(table, at)
    except LimitExceeded as refused:
        return refused
    raise AssertionError("the request was admitted")


def at_once(acts: list[Callable[[], T]]) -> list[T | Exception]:
    """The acts, each in a thread of its own, all let go at the same moment."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        start.wait()
        try:
            return act()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def rush(
    table: Table, requests: int, *clocks: datetime
) -> tuple[list[Charge], list[LimitExceeded]]:
    """Requests at the same moment, by one clock or by several in turn: admitted and refused."""
    turns = islice(cycle(clocks or (MIDDAY,)), requests)
    answers = at_once([lambda at=at: charge(table, at) for at in turns])
    admitted = [answer for answer in answers if isinstance(answer, Charge)]
    refused = [answer for answer in answers if isinstance(answer, LimitExceeded)]
    assert len(admitted) + len(refused) == requests, answers
    return admitted, refused


class CachePerThread(threading.local):
    """Stands for metering's cache of one process: here every thread has its own."""

    def __init__(self) -> None:
        self.seen: dict[Any, Any] = {}

    def get(self, key: Any, default: Any) -> Any:
        return self.seen.get(key, default)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.seen[key] = value

    def __len__(self) -> int:
        return len(self.seen)


class Processes:
    """Processes by name, each with its own cache."""

    def __init__(self, monkeypatch: Any) -> None:
        self._monkeypatch = monkeypatch
        self._caches: dict[str, dict[Any, Any]] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Whatever happens inside happens in that process."""
        with self._monkeypatch.context() as patch:
            patch.setattr(metering, "_seen", self._caches.setdefault(name, {}))
            yield
