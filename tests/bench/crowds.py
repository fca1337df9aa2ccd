"""(c2) The same questions where a crowd came in the open hour and in the hour of a bound."""

from collections.abc import Mapping, Sequence

import pytest

from referrals.acts import roll_up
from referrals.edge import clock, service
from referrals.rules.times import hour_floor
from referrals.store import click_counts
from tests.bench import growth, history
from tests.bench.asking import Question, Table, figures_of
from tests.bench.figures import Figure
from tests.bench.history import COUNTED_UNTIL, NOW, Crowd
from tests.bench.programme import in_this_process
from tests.functions.identity_provider import IdentityProvider
from tests.functions.running import RunningProgramme

CROWDS = (Crowd(1_000, 10), Crowd(100_000, 1_000), Crowd(1_000_000, 50_000))
_BESIDE = 1_000
_ROUNDS = 21


def measure(rounds: int = _ROUNDS) -> list[Figure]:
    """Every round asks each question of each table in turn; what one costs is billed besides."""
    identity = IdentityProvider()
    stores = {crowd: history.kept(_BESIDE, crowd) for crowd in CROWDS}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: NOW)
            with in_this_process(stores[CROWDS[0]].begun(), identity):
                questions, tables = _questions(identity), []
                for crowd, store in stores.items():
                    patch.setattr(service, "table", store.begun)
                    table = Table(str(crowd), store, RunningProgramme(store.begun()).admin_key)
                    with table.served():
                        # Opens the account's windows, as the day's first request does.
                        questions["list 25"].ask(table.admin_key)
                    tables.append(table)
                _check_counts(tables[0])
                _check_answers(questions["stats"], tables)
                return figures_of(questions, tables, rounds, bench="crowds")
    finally:
        identity.stop()
        for store in stores.values():
            store.close()


def _questions(identity: IdentityProvider) -> Mapping[str, Question]:
    """Stats of these hours, and what else is read of those who came in them."""
    user, page = history.user_of(0), {"limit": "25"}
    return {
        "stats": growth.QUESTIONS["stats"],
        "stats, whole hours": growth.QUESTIONS["stats, whole hours"],
        "series": Question(
            "referral_series",
            "GET",
            "/admin/referrals/series",
            growth.QUESTIONS["stats"].query | {"grain": "hour"},
        ),
        "list 25": growth.listed(**page),
        "list 25, user_id": growth.listed(user_id=user, **page),
        "list 25, campaign": growth.listed(campaign="spring", **page),
        "me": Question("my_referrals", "GET", "/referrals/me", token=identity.of(user)),
    }


def _check_counts(table: Table) -> None:
    """The counts that the clicks are stored with are those that the roll-up makes of them."""
    hour = hour_floor(NOW)
    with table.store.undone():
        before = click_counts.of_minutes(table.store.table, hour)
        click_counts.set_minutes(table.store.table, hour, {name: {"00": 0} for name in before})
        roll_up._count(table.store.table, hour, COUNTED_UNTIL)
        if click_counts.of_minutes(table.store.table, hour) != before:
            raise RuntimeError("the roll-up counts the crowd's clicks otherwise")


def _check_answers(stats: Question, tables: Sequence[Table]) -> None:
    """All who came are told of, besides what is the same in all tables."""
    told = [table.ask(stats) for table in tables]
    for name, came in (("clicks", "clicks"), ("attributed_signups", "signups")):
        besides = {
            one[name] - getattr(crowd, came) for one, crowd in zip(told, CROWDS, strict=True)
        }
        if len(besides) > 1:
            raise RuntimeError(f"{name}: some of the crowd are missing: {told}")
