"""Questions that tables of several sizes are asked in turn: time, units, round trips of each."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from referrals.edge import service
from tests.bench.figures import Figure, ratios
from tests.bench.programme import Event
from tests.bench.progress import shown
from tests.bench.seeking import SeekingStore
from tests.functions.client import Context, event, handler_of
from tests.store.bill import Bill, billed

CEILING = 1.2
_WARM = 3


@dataclass(frozen=True)
class Question:
    """A request, and the function that answers it."""

    function: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    # A user's own; where there is none, staff ask with their key.
    token: str | None = None

    def ask(self, admin_key: str) -> dict:
        """What it answers."""
        key = None if self.token else admin_key
        made: Event = event(self.method, self.path, key=key, token=self.token, query=self.query)
        answer = handler_of(self.function)(made, Context())
        if answer["statusCode"] != 200:
            raise RuntimeError(f"{self.function}: {answer['body']}")
        return json.loads(answer["body"])["data"]


@dataclass(frozen=True)
class Table:
    """A table of one size, with a key that opens it."""

    size: str
    store: SeekingStore
    admin_key: str

    def ask(self, question: Question) -> dict:
        """Ask, and leave no trace."""
        with self.store.undone(), self.served():
            return question.ask(self.admin_key)

    @contextmanager
    def served(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(service, "table", lambda: self.store.table)
            yield


def figures_of(
    questions: Mapping[str, Question], tables: Sequence[Table], rounds: int, bench: str = "growth"
) -> list[Figure]:
    """Every round asks each question of each table in turn; what one costs is billed besides."""
    times: dict[tuple[str, str], list[float]] = {}
    turns = [(turn, name) for turn in range(_WARM + rounds) for name in questions]
    for turn, name in shown(turns, "questions"):
        # Whoever is first finds colder caches: each table is in its turn.
        first = turn % len(tables)
        for table in (*tables[first:], *tables[:first]):
            with table.store.undone(), table.served():
                before = time.process_time()
                questions[name].ask(table.admin_key)
                took = time.process_time() - before
            if turn >= _WARM:
                times.setdefault((name, table.size), []).append(1000 * took)
    bills = {
        (name, table.size): _bill(table, question)
        for name, question in questions.items()
        for table in tables
    }
    figures = []
    for name in questions:
        smallest, largest = (name, tables[0].size), (name, tables[-1].size)
        span = f"{tables[-1].size} : {tables[0].size}"
        for what, of in (("units", _units), ("trips", lambda bill: bill.trips)):
            ratio = of(bills[largest]) / of(bills[smallest])
            figures.append(Figure(f"{bench}: {what}", f"{name}, {span}", "x", (ratio,), CEILING))
        ratio = ratios(times[largest], times[smallest])
        figures.append(Figure(f"{bench}: time", f"{name}, {span}", "x", ratio, CEILING))
    for (name, size), runs in times.items():
        bill, label = bills[name, size], f"{name} at {size}"
        figures.append(Figure("time", label, "ms", tuple(runs)))
        figures.append(Figure("units", label, "units", (_units(bill),)))
        figures.append(Figure("trips", label, "trips", (float(bill.trips),)))
    return figures


def _units(bill: Bill) -> float:
    return bill.reads + bill.writes + bill.index_writes


def _bill(table: Table, question: Question) -> Bill:
    with (
        pytest.MonkeyPatch.context() as patch,
        table.store.undone(),
        table.served(),
        billed(table.store.table, patch) as bill,
    ):
        question.ask(table.admin_key)
    return bill
