"""(c) Stats, list and recover while the table grows a hundredfold: time, units, round trips."""

import json
from collections.abc import Sequence

import pytest
from ministack.services import dynamodb

from referrals.edge import clock, service
from referrals.rules.times import hour_floor, timestamp
from tests.bench import history, pinax, report
from tests.bench.asking import Question, Table, figures_of
from tests.bench.figures import Figure
from tests.bench.history import NOW, SINCE
from tests.bench.programme import in_this_process
from tests.functions.identity_provider import IdentityProvider
from tests.functions.running import RunningProgramme
from tests.tables import asked, create_table, ministack_client

SIZES = (1_000, 10_000, 100_000)
FULL = (*SIZES, 1_000_000)
_ROUNDS = 41
_REFERRALS = "/admin/referrals"


def listed(**query: str) -> Question:
    """The list, filtered."""
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
    "list": listed(),
    "list, user_id": listed(user_id=history.user_of(0)),
    "list, status": listed(status="rewarded"),
    "list, campaign": listed(campaign="spring"),
    "list, pending_grant": listed(pending_grant="true"),
    "recover 10": Question("recover_grants", "POST", f"{_REFERRALS}/recover", {"limit": "10"}),
}


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
                tables = [Table(f"{SIZES[0]:,}", stores[SIZES[0]], programme.admin_key)]
                for size in sizes()[1:]:
                    patch.setattr(service, "table", stores[size].begun)
                    key = RunningProgramme(stores[size].begun()).admin_key
                    tables.append(Table(f"{size:,}", stores[size], key))
                for table in tables:
                    # Opens the account's windows, as the day's first request does.
                    with table.served():
                        QUESTIONS["list"].ask(table.admin_key)
                with tables[0].store.undone(), tables[0].served():
                    _check_against_ministack(tables[0])
                _check_same_answers(tables)
                figures = figures_of(QUESTIONS, tables, rounds)
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
