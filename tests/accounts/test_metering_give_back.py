"""A request that was not served costs nothing; one that was cut short costs at most itself."""

from contextlib import contextmanager

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from referrals.dynamodb.table import Table
from referrals.rules.credits import Source
from referrals.rules.errors import LimitExceeded
from referrals.rules.plans import PLANS
from referrals.store import metering
from referrals.store.metering import give_back
from tests.accounts.meter import (
    MIDDAY,
    NEXT_DAY,
    NEXT_MINUTE,
    NEXT_MONTH,
    NOW,
    USER,
    at_once,
    charge,
    put,
    refusal,
    rush,
    stored,
    used,
)

SOURCES = {
    Source.INCLUDED: {},
    Source.GRANTED: {"included_used": 400_000, "balance": 7, "spent": 3},
    Source.OVERAGE: {"included_used": 400_000, "overage_used": 12},
}


@pytest.fixture
def lose_answers(table):
    """DynamoDB does what it is told, and its answer is lost on the way."""

    def lose(http_response, **_):
        raise ReadTimeoutError(endpoint_url="dynamodb")

    @contextmanager
    def losing():
        events = table.unrepeated.meta.events
        events.register("after-call.dynamodb.UpdateItem", lose)
        try:
            yield
        finally:
            events.unregister("after-call.dynamodb.UpdateItem", lose)

    return losing


@pytest.mark.parametrize("source", SOURCES)
def test_giving_back_restores_every_counter(table, source):
    before = put(table, "pro", minute_used=9, day_used=99, **SOURCES[source])
    charged = charge(table)
    assert charged.source is source
    assert stored(table) != before
    give_back(table, charged)
    assert stored(table) == before


@pytest.mark.parametrize("source", SOURCES)
def test_giving_back_at_the_same_moment_restores_every_counter(
    table, source, threads_are_processes
):
    before = put(table, "pro", minute_used=9, day_used=99, **SOURCES[source])
    admitted, _ = rush(table, 7)
    at_once([lambda one=one: give_back(table, one) for one in admitted])
    assert stored(table) == before


def test_giving_back_while_others_are_charged_leaves_what_they_were_charged(
    table, threads_are_processes
):
    put(table, "pro")
    admitted, _ = rush(table, 5)
    returns = [lambda one=one: give_back(table, one) for one in admitted]
    at_once([*returns, *[lambda: charge(table)] * 6])
    assert used(table) == {"minute_used": 6, "day_used": 6, "included_used": 6}


def test_what_is_given_back_can_be_used_at_once(table):
    put(table, "free", minute_used=4)
    charged = charge(table)
    assert "a minute" in refusal(table).message
    give_back(table, charged)
    assert charge(table).account.minute_used == 5


@pytest.mark.parametrize("source", SOURCES)
def test_after_the_minute_the_minute_stays_as_it_is_and_the_rest_is_given_back(table, source):
    before = put(table, "pro", minute_used=9, day_used=99, **SOURCES[source])
    charged, later = charge(table), charge(table, NEXT_MINUTE)
    give_back(table, charged)
    assert stored(table)["minute_used"] == 1
    give_back(table, later)
    assert stored(table) == {**before, "minute": later.account.minute, "minute_used": 0}


def test_after_the_day_the_month_is_given_back(table):
    put(table, "pro", minute_used=9, day_used=99, included_used=99)
    charged = charge(table)
    charge(table, NEXT_DAY)
    give_back(table, charged)
    assert used(table) == {"minute_used": 1, "day_used": 1, "included_used": 100}


@pytest.mark.parametrize("source", SOURCES)
def test_after_the_month_only_granted_credits_are_given_back(table, source):
    before = put(table, "pro", NOW, **SOURCES[source])
    charged = charge(table, NOW)
    charge(table, NEXT_MONTH)
    give_back(table, charged)
    kept = {name: before[name] for name in ("balance", "spent") if before[name]}
    assert used(table) == {"minute_used": 1, "day_used": 1, "included_used": 1, **kept}


def test_a_plan_that_changes_meanwhile_does_not_keep_the_credit(table):
    put(table, "free", included_used=2_000, balance=1)
    charged = charge(table)
    metering.set_plan(table, USER, "pro", overage=True)
    give_back(table, charged)
    assert used(table) == {"included_used": 2_000, "balance": 1, "overage": 1}


def test_requests_that_never_end_are_over_counted_by_themselves_alone(table):
    """A crash between charge and answer: nothing is given back, nothing is blocked."""
    put(table, "free")
    rush(table, 3)
    assert used(table) == {"minute_used": 3, "day_used": 3, "included_used": 3}
    admitted, refused = rush(table, 4)
    assert (len(admitted), len(refused)) == (2, 2)
    assert charge(table, NEXT_MINUTE).account.minute_used == 1


def test_an_answer_that_is_lost_costs_one_credit_and_is_not_asked_for_again(table, lose_answers):
    charge(table)
    with lose_answers(), pytest.raises(ReadTimeoutError):
        charge(table)
    assert used(table) == {"minute_used": 2, "day_used": 2, "included_used": 2}
    assert charge(table).account.minute_used == 3


def test_a_charge_goes_out_once_though_the_network_fails(table):
    sent = []

    def fail(request, **_):
        sent.append(request)
        raise EndpointConnectionError(endpoint_url=request.url)

    connected = Table.connect(table.name)
    connected.unrepeated.meta.events.register("before-send.dynamodb", fail)
    with pytest.raises(EndpointConnectionError):
        charge(connected)
    assert len(sent) == 1


@pytest.mark.parametrize("plan", PLANS)
def test_a_refused_request_writes_nothing(table, plan):
    before = put(table, plan, minute_used=PLANS[plan].per_minute)
    with pytest.raises(LimitExceeded):
        charge(table, MIDDAY)
    assert stored(table) == before
