"""What each operation costs, to the unit, beside the ceiling that the design gives it.

Writes are the table's own and those of its indexes; in a transaction the table's count twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import inf
from typing import Any
from uuid import uuid4

import pytest
from ministack.services import dynamodb
from ministack.services.dynamodb import _item_size_bytes
from ulid import ULID

from referrals.acts import disabling
from referrals.acts.settlement import settle
from referrals.dynamodb.values import dynamodb_values
from referrals.rules.attribution import Status
from referrals.rules.events import EventType, click_subject
from referrals.rules.facts import CustomerLinked
from referrals.rules.funnel import Cohort, packed
from referrals.rules.ids import attribution_id
from referrals.rules.programme import Programme
from referrals.rules.referrer import FIGURES
from referrals.rules.times import timestamp
from referrals.store import click_limit, codes, event_kinds, facts, keys, metering, ranks, runs
from referrals.store.items import attribution_item
from referrals.views import members, referrers
from referrals.views.campaigns import ranked
from referrals.views.feed import BEGINNING
from referrals.views.feed import page as asked_for
from referrals.views.funnel import Span, count, count_each
from referrals.views.health import health
from referrals.views.listing import Filters, page
from referrals.views.series import Grain, steps
from referrals.views.story import story
from tests.samples import CODE, NOW, PAID, SECRET, actor, charge, invoice, invoice_payment
from tests.store.bill import billed
from tests.store.listening import NEW, Listening
from tests.store.scene import KEPT, Scene
from tests.tables import everything

_VISIT = {
    "landing_path": "/pricing",
    "utm_campaign": "spring_2026",
    "utm_medium": "mail",
    "utm_source": "newsletter",
    "ip_hash": "a" * 32,
    "user_agent_hash": "b" * 32,
}
_ASKS = "we_asks"
_LATER = NOW + timedelta(days=8)


def _news():
    world = Listening()
    world.scene.sign_up()
    written = world.stream()
    return world.scene, lambda: world.news(written)


def _sent(*, paid=False, lately=False):
    world = Listening()
    world.listen()
    world.scene.sign_up("before")
    if lately:
        world.deliver_new(attribution_id(SECRET, "before"))
    world.scene.sign_up()
    if paid:
        world.scene.pay()
    return world.scene, lambda: world.deliver_new(NEW)


def _click_sent():
    world = Listening()
    world.listen(types=frozenset({EventType.CLICKED}))
    first, second = (click_subject(world.scene.click(**_VISIT).click_id) for _ in range(2))
    world.deliver_new(first)
    return world.scene, lambda: world.deliver_new(second)


def _put_in_order(*, paid=False):
    world = Listening()
    world.listen(_ASKS, asks=True)
    world.scene.sign_up("before")
    world.deliver_new(attribution_id(SECRET, "before"), endpoint_id=_ASKS)
    world.scene.sign_up()
    if paid:
        world.scene.pay()
    return world.scene, lambda: world.deliver_new(NEW, endpoint_id=_ASKS)


def _asked(*, referrals, limit):
    """Of each there are five events: as many slots as have room for sixteen, or one for each."""
    world = Listening(Scene(Programme(monthly_cap=1000)))
    world.listen(_ASKS, asks=True)
    users = [f"new{number}" for number in range(referrals)]
    for user_id in users:
        world.scene.sign_up(user_id)
        world.scene.pay(user_id)
    world.deliver_new(*(attribution_id(SECRET, one) for one in users), endpoint_id=_ASKS)
    view = lambda _: {}  # noqa: E731
    return world.scene, lambda: asked_for(world.table, _ASKS, BEGINNING, limit, view)


def _visited():
    scene = Scene()
    scene.click()
    return scene, lambda: scene.click(**_VISIT)


def _followed(*, again=False, counted=False):
    scene = Scene()
    scene.follow(at=NOW - timedelta(hours=1))
    if again:
        scene.follow(**_VISIT)

    def follow():
        if counted:
            click_limit.take(scene.table, _VISIT["ip_hash"], 60, NOW)
        scene.follow(**_VISIT)

    return scene, follow


def _signup(*, by_code=False, code_seen=True):
    scene = Scene()
    click = scene.click(**_VISIT)
    if not code_seen:
        codes._recent.clear()
    told = {"click_id": click.click_id} | ({"code": click.code} if by_code else {})
    return scene, lambda: scene.sign_up(email_hash="c" * 32, **told)


def _signed_up(hold_days=0, **signup):
    scene = Scene(Programme(hold_days=hold_days))
    click = scene.click(**_VISIT)
    scene.sign_up(click_id=click.click_id, email_hash="c" * 32, **signup)
    scene.tell(CustomerLinked(customer_id="cus_1", user_id="new"))
    return scene


def _payment():
    scene = _signed_up()
    return scene, lambda: scene.tell(invoice(charge_id="ch_1"))


def _qualification():
    scene = _signed_up()
    facts.record(scene.table, invoice(charge_id="ch_1"), NOW)
    standing = scene.of()
    return scene, lambda: settle(
        scene.table, SECRET, standing, "cus_1", scene.programme, actor(NOW)
    )


def _payment_again():
    scene, pay = _payment()
    pay()
    return scene, pay


def _invoice_payment():
    scene, pay = _payment()
    pay()
    return scene, lambda: scene.tell(invoice_payment(payment_intent_id="pi_1"))


def _refund():
    scene, pay = _payment()
    pay()
    return scene, lambda: scene.tell(charge(invoice_id="in_1", refunded=PAID))


def _review(decide):
    scene = _signed_up(flags=("disposable_email",))
    scene.tell(invoice(charge_id="ch_1"))
    return scene, getattr(scene, decide)


def _story():
    """Paid, refunded and won back, with a click and a day of signups as full as the rule counts."""
    scene, pay = _payment()
    pay()
    scene.tell(charge(invoice_id="in_1", refunded=PAID))
    for number in range(100):
        pointer = keys.referral("ref", timestamp(NOW - timedelta(minutes=number)), f"attr_{number}")
        item = {"pk": pointer.pk, "sk": pointer.sk, "id": f"attr_{number}"}
        scene.table.write(scene.table.put("pointer", item))
    one = scene.of().id
    return scene, lambda: story(scene.table, SECRET, one, scene.programme)


def _decided_code(act, *before):
    """Its shards are full of counts."""
    scene = Scene()
    for shard in range(keys.SHARDS):
        key = keys.referrer_counts(CODE, shard)
        item = {"pk": key.pk, "sk": key.sk, **dict.fromkeys(FIGURES, 10**6)}
        scene.table.write(scene.table.put("counts", item))
    for one in before:
        one(scene.table, CODE, actor(NOW))
    return scene, lambda: act(scene.table, CODE, actor(NOW))


def _metered():
    scene = Scene()
    metering.charge(scene.table, "ref", NOW)
    return scene, lambda: metering.charge(scene.table, "ref", NOW)


def _idle():
    scene = Scene()
    return scene, lambda: scene.recover(ignore_backoff=False)


def _recovery(*limits):
    scene = _signed_up(hold_days=7)
    scene.tell(invoice(charge_id="ch_1"))
    return scene, lambda: [scene.recover(_LATER, limit=limit) for limit in limits]


def _list(hold_days=0, newest_first=True, limit=25, **filters):
    scene = Scene(Programme(hold_days=hold_days, monthly_cap=100))
    for number in range(60):
        at = NOW + timedelta(minutes=number)
        click = scene.click(at=at, **_VISIT)
        scene.sign_up(f"new{number}", at=at, click_id=click.click_id, email_hash="c" * 32)
        if hold_days:
            scene.pay(f"new{number}", at=at)
    return scene, lambda: page(
        scene.table, SECRET, Filters(**filters), limit, None, newest_first=newest_first
    )


def _of_an_invoice():
    scene, pay = _payment()
    pay()
    return scene, lambda: page(scene.table, SECRET, Filters(q="in_1"), 25, None)


def _referrers(number, told):
    scene = Scene()
    for one in range(number):
        code = codes.create(scene.table, f"ref{one}", f"{one:05}AAAAAAA")
        for shard in range(keys.SHARDS):
            key = keys.referrer_counts(code, shard)
            item = {"pk": key.pk, "sk": key.sk, **dict.fromkeys(FIGURES, 10**6)}
            scene.table.write(scene.table.put("counts", item))
        ranks.place(scene.table, code, 10**6 + one)
    ranks.mark(scene.table, ranks.UNTIL, timestamp(NOW))
    return scene, lambda: referrers.ranked(scene.table, told)


def _health():
    scene = _list(hold_days=7)[0]
    for schedule in runs.Schedule:
        runs.done(scene.table, schedule, NOW, {"items": 120_400, "difference_count": 0})
    event_kinds.note_unsigned(scene.table, NOW)
    return scene, lambda: health(scene.table)


def _own_view(*, referrals):
    """A user with so many referrals: of most there are but the counts and the list."""
    scene = Scene(Programme(hold_days=7))
    scene.sign_up("came", code=CODE)
    for number in range(20):
        scene.sign_up(f"new{number}", at=NOW + timedelta(minutes=number), email_hash="c" * 32)
    for shard in range(keys.SHARDS):
        key = keys.referrer_counts(CODE, shard)
        counted = dict.fromkeys(FIGURES, referrals // keys.SHARDS)
        scene.table.write(scene.table.put("counts", {"pk": key.pk, "sk": key.sk, **counted}))
    for number in range(referrals):
        key = keys.referral("ref", timestamp(NOW - timedelta(seconds=number + 1)), f"attr_{number}")
        item = {"pk": key.pk, "sk": key.sk, "id": f"attr_{number}"}
        scene.table.write(scene.table.put("referral", item))
    return scene, lambda: members.overview(
        scene.table, SECRET, "ref", NOW, lambda: CODE, None, limit=20
    )


_BROKEN = timedelta(seconds=30)


def _aged(years, campaign, *, bounds=(_BROKEN, -_BROKEN), crowd=0, grain=None):
    """Every minute of so many years has clicks and signups; the bounds break the ends' minutes.

    Clicks are counted up to two minutes ago, signups folded up to an hour ago, and since then every
    shard counts of every minute. A crowd came in the hours of the bounds, in other minutes.
    """
    scene = Scene()
    scene.click(at=NOW - timedelta(minutes=1))
    start = NOW.replace(year=NOW.year - years)
    stored = dynamodb._tables[scene.table.name]
    progress, exceptions = packed(Cohort(120, 50, 40, 10, 10, 10))

    def put(key, **attributes):
        item = dynamodb_values({"pk": key.pk, "sk": key.sk, **attributes})
        dynamodb._set_item(stored, key.pk, key.sk, item)

    def numbers(names):
        return {f"{kind}{name}": n for name in names for kind, n in zip("px", two, strict=True)}

    two = progress, exceptions
    for holder, names in _periods(start):
        for name in (keys.EVERY_CAMPAIGN, "spring_2026"):
            put(keys.funnel_cohorts(name, holder), **numbers(names))
            place = keys.clicks_of(holder), name
            put(keys.Key(*place), **{f"n{one}": 123_456 for one in names})
    for number in range(keys.SHARDS):
        for name in (keys.EVERY_CAMPAIGN, "spring_2026"):
            minutes = [f"11{minute:02}" for minute in range(60)]
            counted = {f"p{one}": 3 + 10**9 for one in minutes} | {f"x{minutes[7]}": 1}
            put(keys.shard_of_counts(name, NOW, number), **counted, changes=180)
    for number in range(crowd):
        at = (start if number % 2 else NOW - timedelta(hours=1)) + timedelta(
            minutes=10 + number % 40
        )
        ulid = str(ULID.from_datetime(at))
        seen = {"click_id": ulid, "clicked_at": timestamp(at), "code": CODE}
        put(keys.click(at.replace(minute=0), ulid), **seen)
        put(keys.cohort_member(timestamp(at), f"attr_{number}"), id=f"attr_{number}")
    marks = {"until": NOW - timedelta(minutes=2), "closed": NOW - timedelta(minutes=16)}
    put(keys.ROLLED_UP, **{name: timestamp(at) for name, at in marks.items()})
    for name in (keys.EVERY_CAMPAIGN, "spring_2026"):
        put(keys.folds(name), folded=9)
    since, until = bounds
    if grain:
        most = timedelta(days=364 if grain is Grain.DAY else 30)
        cut = steps(grain, NOW - most + since, NOW + until, NOW)
        return scene, lambda: count_each(scene.table, cut, campaign, NOW, KEPT)
    span = Span.between(since and start + since, until and NOW + until, NOW)
    return scene, lambda: count(scene.table, span, campaign, NOW, KEPT)


def _campaigns(years, number):
    """The same of so many campaigns, of which each has as much as the one."""
    scene, _ = _aged(years, None)
    stored = dynamodb._tables[scene.table.name]
    for item in everything(scene.table):
        for other in range(1, number) if "spring_2026" in item["sk"] else ():
            copy = item | {"sk": item["sk"].replace("spring_2026", f"autumn_{other:04}")}
            dynamodb._set_item(stored, copy["pk"], copy["sk"], dynamodb_values(copy))
    span = Span.between(NOW.replace(year=NOW.year - years) + _BROKEN, NOW - _BROKEN, NOW)
    return scene, lambda: ranked(scene.table, span, NOW, KEPT, limit=25)


def _periods(start):
    """All time, every year, month and day, and the hours at both ends, with all their parts."""
    day = start.replace(hour=0)
    days = {(day + timedelta(days=n)).date().isoformat() for n in range((NOW - day).days + 1)}
    yield "", sorted({day[:4] for day in days})
    for year in {day[:4] for day in days}:
        yield year, [f"{month:02}" for month in range(1, 13)]
    for month in {day[:7] for day in days}:
        yield month, [f"{day:02}" for day in range(1, 32)]
    for day in days:
        yield day, [f"{hour:02}" for hour in range(24)]
    for at in (start, NOW - timedelta(hours=1)):
        yield at.isoformat()[:13], [f"{minute:02}" for minute in range(60)]


@dataclass(frozen=True)
class Cost:
    """Table writes, index writes, reads and round trips."""

    writes: float = 0
    index_writes: float = 0
    reads: float = 0
    trips: int = 0


@dataclass(frozen=True)
class Ceiling:
    """Writes (indexes and all), reads and round trips."""

    writes: float = inf
    reads: float = inf
    trips: float = inf


_OWN = Ceiling(0, 40, 2)
_STATS = Ceiling(0, 100, 3)
# A hundred referrals, each with an event on the page and four bookings, by sixteen.
_PAGE = Ceiling(0, 75 + 100 * 6, 1 + 2 * 7)

OPERATIONS: dict[str, tuple[Callable[[], tuple[Scene, Callable[[], Any]]], Cost, Ceiling]] = {
    "click": (_visited, Cost(1, 0, 0, 1), Ceiling(1, trips=1)),
    # One put and its entry in the local index: docs/decisions.md.
    "followed link": (_followed, Cost(1, 1, 0, 1), Ceiling(2, trips=1)),
    # A put that is refused costs a unit on AWS, of which no emulator tells.
    "followed link, again": (lambda: _followed(again=True), Cost(0, 0, 0, 1), Ceiling(1, trips=1)),
    "followed link, its address counted": (
        lambda: _followed(counted=True),
        Cost(2, 1, 0, 2),
        Ceiling(3, trips=2),
    ),
    "metering": (_metered, Cost(1, 0, 0, 1), Ceiling(1, trips=1)),
    "signup by code": (
        lambda: _signup(by_code=True),
        Cost(14, 2, 6, 2),
        Ceiling(16, trips=2),
    ),
    "signup by click": (_signup, Cost(14, 2, 5, 2), Ceiling(16, trips=2)),
    # docs/decisions.md says why a click does not name the owner of its code.
    "signup by click, its code not seen for a minute": (
        lambda: _signup(code_seen=False),
        Cost(14, 2, 6, 3),
        Ceiling(16, trips=3),
    ),
    "qualify and grant both": (_qualification, Cost(22, 2, 6, 2), Ceiling(26, trips=2)),
    # Four trips more: the fact, what waited for it, whose it is, and their attribution. One fact
    # more: whose the invoice is, for a payment that names it.
    "payment, from the event on": (_payment, Cost(25, 2, 11, 6), Ceiling(28)),
    "payment again": (_payment_again, Cost(2, 0, 7, 5), Ceiling(26)),
    "which payment paid it": (_invoice_payment, Cost(4, 0, 7, 8), Ceiling(26)),
    "refund": (_refund, Cost(20, 2, 7, 7), Ceiling(26)),
    "approve": (lambda: _review("approve"), Cost(22, 2, 1, 2), Ceiling(26, trips=2)),
    "reject": (lambda: _review("reject"), Cost(10, 2, 1, 2), Ceiling(12, trips=2)),
    # The code, the line of its trail and 64 marks, each twice for the transaction.
    "a code disabled": (
        lambda: _decided_code(disabling.disable),
        Cost(132, 0, 1, 2),
        Ceiling(132, 1, 2),
    ),
    "a code enabled": (
        lambda: _decided_code(disabling.enable, disabling.disable),
        Cost(132, 0, 1, 2),
        Ceiling(132, 1, 2),
    ),
    "recover: idle": (_idle, Cost(0, 0, 8, 1), Ceiling(0, 8, 1)),
    "recover: one reward": (lambda: _recovery(1), Cost(6, 0, 9, 3), Ceiling(12, trips=3)),
    "recover: both rewards": (lambda: _recovery(2), Cost(18, 3, 9, 3), Ceiling(24, trips=3)),
    # The second also moves the attribution to rewarded: twelve a reward between the two.
    "recover: one after the other": (
        lambda: _recovery(1, 1),
        Cost(20, 3, 18, 6),
        Ceiling(24, trips=6),
    ),
    "news, nobody listening": (_news, Cost(0, 0, 1, 1), Ceiling(0, 1, 1)),
    # The claim and the arrival; and once an hour that the endpoint took something.
    "an event sent": (lambda: _sent(lately=True), Cost(2, 0, 2, 4), Ceiling(3)),
    "the first event of an hour sent": (_sent, Cost(3, 0, 2, 5), Ceiling(3)),
    "five events of a payment sent": (
        lambda: _sent(paid=True, lately=True),
        Cost(6, 0, 4, 9),
        Ceiling(15),
    ),
    "a click told of": (_click_sent, Cost(2, 0, 2, 4), Ceiling(3)),
    # A slot, and the note of how far the referral is.
    "an event put in order": (_put_in_order, Cost(2, 0, 5, 6), Ceiling(3)),
    "five events of a payment put in order": (
        lambda: _put_in_order(paid=True),
        Cost(2, 0, 7, 7),
        Ceiling(15),
    ),
    # The order, and two reads of each referral, sixteen at a time.
    "nothing new is asked for": (partial(_asked, referrals=0, limit=100), Cost(0, 0, 1, 1), _PAGE),
    "a hundred events asked for": (
        partial(_asked, referrals=21, limit=100),
        Cost(0, 0, 61, 5),
        _PAGE,
    ),
    "a referral's story": (_story, Cost(0, 0, 15, 3), Ceiling(0, 20, 3)),
    **{
        f"{told} of {number} referrers": (
            partial(_referrers, number, told),
            # Sixteen are read at a time.
            Cost(0, 0, 9 + 9 * told, trips),
            Ceiling(0, 9 + 9 * told, trips),
        )
        for number, told, trips in ((12, 10, 2), (24, 10, 2), (24, 20, 3))
    },
    # Nothing in it grows: a query each of what ran and of what came, and a key of eight lanes.
    "health": (_health, Cost(0, 0, 8, 1), Ceiling(0, 10, 1)),
    "list 25": (_list, Cost(0, 0, 21, 2), Ceiling(0, 28, 2)),
    # Half a unit for each line, and the eight lanes.
    "an export of 60": (
        lambda: _list(newest_first=False, limit=1000),
        Cost(0, 0, 38, 2),
        Ceiling(0, 60, 2),
    ),
    "list 25 of a status": (
        lambda: _list(status=Status.ATTRIBUTED),
        Cost(0, 0, 17, 2),
        Ceiling(0, 28, 2),
    ),
    "list 25 of a status, oldest first": (
        lambda: _list(status=Status.ATTRIBUTED, newest_first=False),
        Cost(0, 0, 17, 2),
        Ceiling(0, 28, 2),
    ),
    "list 25 of a campaign": (
        lambda: _list(campaign="spring_2026"),
        Cost(0, 0, 17, 2),
        Ceiling(0, 28, 2),
    ),
    "list 25 of a user": (lambda: _list(user_id="ref"), Cost(0, 0, 15, 2), Ceiling(0, 28, 2)),
    "list 25 of a code, a customer or whatever the id is of": (
        lambda: _list(q=CODE),
        Cost(0, 0, 21, 3),
        Ceiling(0, 28, 3),
    ),
    # What the id is of, whose it is, the referral, and then a list as any.
    "a referral of an invoice": (_of_an_invoice, Cost(0, 0, 8.5, 5), Ceiling(0, 28, 5)),
    "list 25 of a user, status and campaign": (
        lambda: _list(user_id="ref", status=Status.ATTRIBUTED, campaign="spring_2026"),
        Cost(0, 0, 23, 2),
        Ceiling(0, 28, 2),
    ),
    "list 25 of those owed": (
        lambda: _list(hold_days=7, pending_grant=True),
        Cost(0, 0, 17, 2),
        Ceiling(0, 28, 2),
    ),
    "a user's own view": (lambda: _own_view(referrals=0), Cost(0, 0, 32, 2), _OWN),
    "a user's own view, of many referrals": (
        lambda: _own_view(referrals=2000),
        Cost(0, 0, 32, 2),
        _OWN,
    ),
    "stats of a year, of crowded hours": (
        partial(_aged, 1, "spring_2026", crowd=10_000),
        Cost(0, 0, 83, 3),
        _STATS,
    ),
    **{
        f"a series as long as may be, by the {grain}": (
            partial(_aged, 2, "spring_2026", grain=grain),
            Cost(0, 0, reads, trips),
            Ceiling(0, 200, 4),
        )
        # Of a month ago raw clicks are still there: three minutes of them are two trips.
        for grain, reads, trips in ((Grain.DAY, 101, 3), (Grain.HOUR, 149, 4))
    },
    **{
        f"the first of {number} campaigns of {years} years": (
            partial(_campaigns, years, number),
            Cost(0, 0, reads, 6),
            # The most of it are 64 shards that are full.
            Ceiling(0, 150 + 16 * number, 6),
        )
        for years, number, reads in ((1, 10, 281), (10, 10, 293), (1, 100, 1583))
    },
    **{
        f"stats of {years} years{and_campaign}{bounded}": (
            partial(_aged, years, campaign, bounds=bounds),
            Cost(0, 0, reads, 3),
            _STATS,
        )
        for campaign, and_campaign in ((None, ""), ("spring_2026", " and a campaign"))
        for years, bounds, bounded, reads in (
            (1, (_BROKEN, -_BROKEN), "", 83),
            (1, (None, None), ", without bounds", 57),
            (1, (_BROKEN, timedelta(0)), ", until now", 72),
            (1, (_BROKEN, timedelta(hours=1)), ", until a time to come", 72),
            (10, (_BROKEN, -_BROKEN), "", 85),
            (10, (None, None), ", without bounds", 57),
            (10, (_BROKEN, timedelta(0)), ", until now", 73),
            (10, (_BROKEN, timedelta(hours=1)), ", until a time to come", 73),
        )
    },
}


def _bill(name, monkeypatch):
    make, _, _ = OPERATIONS[name]
    scene, act = make()
    with billed(scene.table, monkeypatch) as bill:
        act()
    print(f"{name}: {bill}")
    return bill


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_costs_what_it_did(name, monkeypatch):
    bill = _bill(name, monkeypatch)
    _, cost, _ = OPERATIONS[name]
    assert Cost(bill.writes, bill.index_writes, bill.reads, bill.trips) == cost, str(bill)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_stays_under_its_ceiling(name, monkeypatch):
    bill = _bill(name, monkeypatch)
    _, _, ceiling = OPERATIONS[name]
    assert bill.writes + bill.index_writes <= ceiling.writes, str(bill)
    assert bill.reads <= ceiling.reads, str(bill)
    assert bill.trips <= ceiling.trips, str(bill)


def test_a_rewarded_attribution_of_ids_of_common_length_fits_in_one_write_unit():
    referrer, referred = str(uuid4()), str(uuid4())
    scene = Scene()
    codes.create(scene.table, referrer, "B1B2C3D4E5F6")
    click = scene.click(code="B1B2C3D4E5F6", **_VISIT)
    scene.sign_up(referred, click_id=click.click_id, email_hash="c" * 32)
    paid = {"customer_id": "cus_NffrFeUfNV2Hib", "invoice_id": "in_1MtHbELkdIwHu7ixl4OzzPMv"}
    scene.tell(CustomerLinked(customer_id=paid["customer_id"], user_id=referred))
    scene.tell(invoice(event_id="evt_1NG8Du2eZvKYlo2CUI79vXWy", **paid))
    assert scene.of(referred).status == "rewarded"
    item = dynamodb_values(attribution_item(scene.of(referred)))
    assert _item_size_bytes(item) <= 1024
