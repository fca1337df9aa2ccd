"""(c) Stats, list and recover while the table grows a hundredfold: time, units, round trips."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from ministack.services import dynamodb

from referrals.edge import clock, service
from referrals.rules.times import hour_floor, timestamp
from tests.bench import history, pinax, report
from tests.bench.figures import Figure, ratios
from tests.bench.history import NOW, SINCE
from tests.bench.programme import Event, in_this_process
from tests.bench.progress import shown
from tests.bench.seeking import SeekingStore
from tests.functions.client import Context, event, handler_of
from tests.functions.identity_provider import IdentityProvider
from tests.functions.running import RunningProgramme
from tests.store.bill import Bill, billed
from tests.tables import asked, create_table, ministack_client

SIZES = (1_000, 10_000, 100_000)
FULL = (*SIZES, 1_000_000)
CEILING = 1.2
_ROUNDS = 41
_WARM = 3
_REFERRALS = "/admin/referrals"


@dataclass(frozen=True)
class Question:
    """A request, and the function that answers it."""

    function: str
    method: str
    path: str
    query: dict[str, str]

    def ask(self, admin_key: str) -> dict:
        """What it answers."""
        made: Event = event(self.method, self.path, key=admin_key, query=self.query)
        answer = handler_of(self.function)(made, Context())
        if answer["statusCode"] != 200:
            raise RuntimeError(f"{self.function}: {answer['body']}")
        return json.loads(answer["body"])["data"]


def _listed(**query: str) -> Question:
    return Question("list_referrals", "GET", _REFERRALS, query)


QUESTIONS = {
    "stats": Question(
        "referral_stats",
        "GET",
        f"{_REFERRALS}/stats",
        {"from": timestamp(SINCE), "to": timestamp(NOW)},
    ),
    "stats, whole hours": Question(
        "referral_stats",
        "GET",
        f"{_REFERRALS}/stats",
        {"from": timestamp(hour_floor(SINCE)), "to": timestamp(hour_floor(NOW))},
    ),
    "list": _listed(),
    "list, user_id": _listed(user_id=history.user_of(0)),
    "list, status": _listed(status="rewarded"),
    "list, campaign": _listed(campaign="spring"),
    "list, pending_grant": _listed(pending_grant="true"),
    "recover 10": Question("recover_grants", "POST", f"{_REFERRALS}/recover", {"limit": "10"}),
}


@dataclass(frozen=True)
class Table:
    """A table of one size, with a key that opens it."""

    size: int
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


def sizes() -> Sequence[int]:
    """SCALE=full adds a million."""
    return FULL if report.full() else SIZES


def measure(rounds: int = _ROUNDS) -> list[Figure]:
    """Every round asks each question of each table in turn; what one costs is billed besides."""
    identity = IdentityProvider()
    stores = {size: history.kept(size) for size in sizes()}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: NOW)
            with in_this_process(stores[SIZES[0]].begun(), identity) as programme:
                tables = [Table(SIZES[0], stores[SIZES[0]], programme.admin_key)]
                for size in sizes()[1:]:
                    patch.setattr(service, "table", stores[size].begun)
                    key = RunningProgramme(stores[size].begun()).admin_key
                    tables.append(Table(size, stores[size], key))
                for table in tables:
                    # Opens the account's windows, as the day's first request does.
                    with table.served():
                        QUESTIONS["list"].ask(table.admin_key)
                with tables[0].store.undone(), tables[0].served():
                    _check_against_ministack(tables[0])
                _check_same_answers(tables)
                figures = _figures(tables, rounds)
    finally:
        identity.stop()
        for store in stores.values():
            store.close()
    return figures + _counts(figures)


def _counts(figures: Sequence[Figure]) -> list[Figure]:
    """(d2) How long pinax takes to count as many clicks, beside our stats of the same run."""
    found = pinax.response_counts([size * history.CLICKS_EACH for size in sizes()])
    ours = {one.name: one.median for one in figures if one.bench == "time"}
    told = []
    for size in sizes():
        runs = [1000 * run for run in found[size * history.CLICKS_EACH]]
        stats = ours[f"stats, whole hours at {size:,}"]
        told += [
            Figure("time", f"pinax response_count at {size:,}", "ms", tuple(runs)),
            Figure("pinax", f"count : stats at {size:,}", "x", tuple(r / stats for r in runs)),
        ]
    return told


def _check_same_answers(tables: Sequence[Table]) -> None:
    """The newest day is the same in all tables, so each must tell of it the same."""
    for name, question in QUESTIONS.items():
        told = [table.ask(question) for table in tables]
        for one in told:
            one.pop("next_cursor", None)
        if any(one != told[0] for one in told):
            raise RuntimeError(f"{name}: tables of different size tell different things")


def _check_against_ministack(table: Table) -> None:
    """On the smallest table each call of each question is answered as MiniStack itself does."""
    name = create_table(ministack_client())
    plain = dynamodb._tables[name]
    for item in table.store.everything():
        dynamodb._set_item(plain, item["pk"]["S"], item["sk"]["S"], item)
    ours, theirs = table.store.table.name, name
    for title, question in QUESTIONS.items():
        with table.store.listening() as heard:
            question.ask(table.admin_key)
        for target, body, (status, _, answer) in heard:
            request = json.loads(body.decode().replace(ours, theirs))
            # MiniStack has seen the token with the other table.
            request.pop("ClientRequestToken", None)
            expected = asked(target, json.dumps(request).encode())
            told = status, json.loads(answer.decode().replace(ours, theirs))
            if told != (expected[0], json.loads(expected[2])):
                raise RuntimeError(f"{title}: {target} is not answered as MiniStack does")


def _figures(tables: Sequence[Table], rounds: int) -> list[Figure]:
    times: dict[tuple[str, int], list[float]] = {}
    turns = [(turn, name) for turn in range(_WARM + rounds) for name in QUESTIONS]
    for turn, name in shown(turns, "questions"):
        # Whoever is first finds colder caches: each table is in its turn.
        first = turn % len(tables)
        for table in (*tables[first:], *tables[:first]):
            with table.store.undone(), table.served():
                before = time.perf_counter()
                QUESTIONS[name].ask(table.admin_key)
                took = time.perf_counter() - before
            if turn >= _WARM:
                times.setdefault((name, table.size), []).append(1000 * took)
    bills = {(name, table.size): _bill(table, name) for name in QUESTIONS for table in tables}
    figures = []
    for name in QUESTIONS:
        smallest, largest = (name, tables[0].size), (name, tables[-1].size)
        span = f"{tables[-1].size:,} : {tables[0].size:,}"
        for what, of in (("units", _units), ("trips", lambda bill: bill.trips)):
            ratio = of(bills[largest]) / of(bills[smallest])
            figures.append(Figure(f"growth: {what}", f"{name}, {span}", "x", (ratio,), CEILING))
        ratio = ratios(times[largest], times[smallest])
        figures.append(Figure("growth: time", f"{name}, {span}", "x", ratio, CEILING))
    for (name, size), runs in times.items():
        bill, label = bills[name, size], f"{name} at {size:,}"
        figures.append(Figure("time", label, "ms", tuple(runs)))
        figures.append(Figure("units", label, "units", (_units(bill),)))
        figures.append(Figure("trips", label, "trips", (float(bill.trips),)))
    return figures


def _units(bill: Bill) -> float:
    return bill.reads + bill.writes + bill.index_writes


def _bill(table: Table, name: str) -> Bill:
    with (
        pytest.MonkeyPatch.context() as patch,
        table.store.undone(),
        table.served(),
        billed(table.store.table, patch) as bill,
    ):
        QUESTIONS[name].ask(table.admin_key)
    return bill
