"""Grants and charges meet on one item: conflicts are waited out, never lost and never told."""

import itertools
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from referrals.rules.credits import Source
from referrals.store import keys, metering
from tests.accounts.meter import at_once, charge, put, stored
from tests.recounted import recounted
from tests.samples import NOW
from tests.store.scene import Scene

CONFLICTS = {
    "UpdateItem": {"Error": {"Code": "TransactionConflictException"}},
    "TransactWriteItems": {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": "TransactionConflict"}],
    },
}


@pytest.fixture
def conflicts(table):
    """Every so many-th write meets a transaction, as DynamoDB would say it."""

    @contextmanager
    def met(every):
        numbers = {name: itertools.count(1) for name in CONFLICTS}

        def refuse(model, **_):
            if model.name not in CONFLICTS or next(numbers[model.name]) % every:
                return None
            return SimpleNamespace(status_code=400), CONFLICTS[model.name]

        table.client.meta.events.register("before-call.dynamodb", refuse)
        yield
        table.client.meta.events.unregister("before-call.dynamodb", refuse)

    return met


def use_up_included_credits(table, user_id):
    key = keys.credits(user_id)
    item = {"pk": key.pk, "sk": key.sk, "plan": "pro", "month": f"{NOW:%Y-%m}"}
    table.write(table.put("used up", {**item, "included_used": 400_000}))


@pytest.mark.parametrize("every", [2, 3])
def test_grants_and_charges_at_the_same_moment_lose_nothing(
    table, conflicts, every, threads_are_processes
):
    """A referrer is granted for six sales while 24 requests use what is granted."""
    scene = Scene(table=table)
    friends = [f"friend-{number}" for number in range(6)]
    for friend in friends:
        scene.sign_up(friend)
    use_up_included_credits(table, "ref")

    def use():
        return [metering.charge(table, "ref", NOW).source for _ in range(4)]

    with conflicts(every):
        answers = at_once([*[lambda one=one: scene.pay(one) for one in friends], *[use] * 6])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    spent = sum(answer.count(Source.GRANTED) for answer in answers if isinstance(answer, list))
    account = metering.account_of(table, "ref", NOW)
    assert (account.spent, account.balance) == (spent, 60_000 - spent)
    assert account.month_used == 400_000 + 24
    assert recounted(table).differences == ()


def test_giving_back_waits_out_a_conflict(table, conflicts):
    before = put(table, "pro")
    charged = charge(table)
    with conflicts(2):
        metering.give_back(table, charged)
        metering.give_back(table, charge(table))
    assert stored(table) == before


def test_a_conflict_that_never_ends_is_an_error_and_no_refusal(table, conflicts):
    before = put(table, "pro")
    with conflicts(1), pytest.raises(TimeoutError):
        charge(table)
    assert stored(table) == before
