"""What functions do seldom: together with the cases of the sweep, all that they ever do."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.edge import auth, clock, event_bus, settings
from referrals.edge import webhook_courier as couriers
from referrals.rules.attribution import Attribution, Change, Status
from referrals.rules.events import click_subject
from referrals.rules.facts import CustomerLinked
from referrals.rules.ids import tombstone
from referrals.rules.retries import TRIES, Answer
from referrals.rules.risk import Person
from referrals.store import attributions, codes, deliveries, facts, keys, metering, profiles
from tests import stripe_payloads
from tests.functions.client import PREFIX, invoke, request
from tests.functions.conftest import HASHING_SECRET
from tests.functions.event_bus import BUS, FakeBus
from tests.functions.receiving import Receiving
from tests.functions.running import CODE, REFERRER, RunningProgramme
from tests.iam import roles
from tests.proof.cases import NEWS
from tests.samples import charge
from tests.stripe_payloads import Sale
from tests.template import template

OTHER_CODE = "B1B2C3D4E5F6"
THIRD_CODE = "D1B2C3D4E5F6"

Use = Callable[[RunningProgramme], object]
USES: list[Use] = []


def use(act: Use) -> Use:
    USES.append(act)
    return act


def keyed() -> Iterator[tuple[str, str, str]]:
    """Folder, method and path of every function that charges whoever calls."""
    for name, resource in template()["Resources"].items():
        events = resource.get("Properties", {}).get("Events", {}).values()
        for route in (one["Properties"] for one in events if one["Type"] == "HttpApi"):
            function, path = roles.folder(name), route["Path"].removeprefix(PREFIX)
            if any(one.sid == "ChargeTheAccount" for one in roles.statements(function)):
                yield function, route["Method"], path.replace("{", "").replace("}", "")


def _account(table: Table, **held: object) -> None:
    place = keys.credits("caller")
    windows = {"month": f"{clock.now():%Y-%m}", "included_used": 2_000}
    table.write(table.put("account", {"pk": place.pk, "sk": place.sk, **windows, **held}))


@use
def a_caller_of_each_function_has_no_credits_left(programme: RunningProgramme) -> None:
    key = invoke("create_api_key", {"user_id": "caller"})["api_key"]
    for function, method, path in keyed():
        _account(programme.table)
        _as_in_a_new_process()
        assert request(function, method, path, key=key).status == 429, function


def _as_in_a_new_process() -> None:
    metering._seen.clear()
    auth._recent_keys.clear()


@use
def a_caller_is_charged_in_every_way(programme: RunningProgramme) -> None:
    key = invoke("create_api_key", {"user_id": "caller", "role": "admin"})["api_key"]
    ways = {"included_used": 1}, {"balance": 5}, {"included_used": 20_000, "overage": True}
    for way in ways:
        _account(programme.table, plan="starter", **way)
        for _ in range(2):
            assert request("list_referrals", "GET", "/admin/referrals", key=key).good
    programme.table.write(programme.table.delete("account", keys.credits("caller")))
    assert request("list_referrals", "GET", "/admin/referrals", key=key).good


@use
def clicks_come_again_with_every_kind_of_id(programme: RunningProgramme) -> None:
    codes.create(programme.table, "other", OTHER_CODE)
    assert programme.click(click_id=programme.click().good["click_id"]).good
    for code in (CODE, CODE, OTHER_CODE):
        assert programme.click(click_id="visit-1", code=code).good
    assert programme.signup("minted", click_id=programme.click().good["click_id"]).good
    assert programme.signup("given", click_id="visit-1").good
    for user in ("minted", "given"):
        assert programme.story_of(user)["click"]


@use
def a_code_is_decided_on_and_shown(programme: RunningProgramme) -> None:
    codes.create(programme.table, "decided-on", THIRD_CODE)
    assert programme.disable(THIRD_CODE).good["disabled"]
    other_key = programme.new_key("other-admin", "admin")
    assert not programme.enable(THIRD_CODE, key=other_key).good["disabled"]
    path = "/admin/accounts/decided-on"
    assert programme.admin("get_account", "GET", path).good["code"]["decisions"]


@use
def referrals_are_listed_by_every_filter(programme: RunningProgramme) -> None:
    sale = Sale(customer="cus_sought")
    linked = stripe_payloads.customer_event(sale, metadata={"user_id": "sought"})
    paid = stripe_payloads.invoice_paid(sale)
    assert programme.stripe(linked).good
    assert programme.stripe(paid).good
    invoice = paid["data"]["object"]["id"]
    programme.owed("listed")
    filters: tuple[dict[str, str], ...] = (
        {"user_id": REFERRER},
        {"status": "qualified"},
        {"campaign": "spring"},
        {"pending_grant": "true"},
        {"q": CODE},
        {"q": invoice},
    )
    for one in filters:
        assert programme.list(**one).status == 200
        exported = programme.admin("export_referrals", "GET", "/admin/referrals.csv", query=one)
        assert exported.status == 200
    assert programme.health().good["pending_grants"]["oldest"]
    assert programme.webhook("{}", {"stripe-signature": "t=1,v1=00"}).status == 400
    since, until = (clock.now() + timedelta(minutes=minutes) for minutes in (-1, 1))
    assert programme.stats(since.isoformat(), until.isoformat()).good["attributed_signups"] >= 1
    bounds = {"from": since.isoformat(), "to": until.isoformat()}
    # At the end of an hour or a day the last step is the one that a fast clock may date in.
    days = programme.series(**bounds).good["items"]
    assert sum(day["attributed_signups"] for day in days) >= 1
    click_id = programme.click(utm_campaign="spring").good["click_id"]
    assert programme.signup("of-spring", click_id=click_id).good
    for span in ({}, bounds):
        assert programme.campaigns(**span).good["items"]
    assert programme.click().good
    assert invoke("roll_up_clicks", {})["minutes"]
    assert sum(hour["clicks"] for hour in programme.series(grain="hour").good["items"]) >= 1
    soon, later = (clock.now() + timedelta(minutes=minutes) for minutes in (20, 40))
    with patch.object(clock, "now", lambda: soon):
        assert invoke("roll_up_clicks", {})["ranked"]
        assert programme.signup("ranks-higher", code=CODE).good
    with patch.object(clock, "now", lambda: later):
        assert invoke("roll_up_clicks", {})["ranked"]
        assert programme.referrers().good["items"]


@use
def stripe_knows_a_user_before_the_product_tells_of_them(programme: RunningProgramme) -> None:
    sale = Sale(customer="cus_early")
    linked = stripe_payloads.customer_event(sale, metadata={"user_id": "early"})
    for event in (linked, stripe_payloads.invoice_paid(sale)):
        assert programme.stripe(event).good
    assert programme.signup("early").good
    assert programme.status_of("early") == "rewarded"


@use
def stripe_is_told_the_click(programme: RunningProgramme) -> None:
    minted = programme.click().good["click_id"]
    given = programme.click(click_id="visit-told").good["click_id"]
    # The second is linked first, as where the product has told Stripe of its users already.
    for number, click_id in enumerate((minted, given)):
        sale, user = Sale(customer=f"cus_told{number}"), f"told-{number}"
        linked = stripe_payloads.customer_event(sale, metadata={"user_id": user})
        told = {"user_id": user, "referral_click_id": click_id}
        clicked = stripe_payloads.checkout_completed(sale, metadata=told)
        for event in (linked, stripe_payloads.invoice_paid(sale), clicked):
            assert programme.stripe(event).good
        assert programme.status_of(user) == "rewarded"


@use
def the_month_is_full(programme: RunningProgramme) -> None:
    place = keys.monthly_rewards(REFERRER, f"{clock.now():%Y-%m}")
    month = {"pk": place.pk, "sk": place.sk}
    programme.table.write(programme.table.put("full", month | {"qualified": 10}))
    assert programme.rewarded("capped")["attribution"]["status"] == "capped"
    programme.table.write(programme.table.put("free", month | {"qualified": 0}))


@use
def a_user_looks_for_the_first_time(_: RunningProgramme) -> None:
    with patch.object(auth, "verified_claims", lambda *_: {"sub": "new"}):
        assert request("my_referrals", "GET", "/referrals/me", token="new").good["code"]


def _owes_a_reversal(programme: RunningProgramme, user: str, **also: object) -> str:
    """A claim that nothing was taken back for yet: a table restored in part may hold it."""
    programme.rewarded(user)
    known = attributions.get(programme.table, programme.referral_of(user)["attribution"]["id"])
    claimed = replace(known, claimed_amount=known.paid_amount, **also)
    attributions.commit(programme.table, Change(before=known, after=claimed), monthly_cap=10)
    return known.id


@use
def whoever_meets_a_referral_that_owes_a_reversal_takes_it_back(
    programme: RunningProgramme,
) -> None:
    refunded = {"status": Status.REJECTED, "skip_reason": "refunded"}
    rejected = _owes_a_reversal(programme, "rejected", **refunded)
    assert programme.review("reject", rejected).good
    approved = _owes_a_reversal(
        programme, "approved", reviewed_by="admin-user", reviewed_at=clock.now()
    )
    assert programme.review("approve", approved).good
    decided = _owes_a_reversal(programme, "decided", **refunded)
    assert programme.decide("reject", decided).good["items"][0]["code"] == 200
    programme.rewarded("again")
    sale = {
        "customer_id": "cus_again",
        "invoice_id": programme.referral_of("again")["attribution"]["first_paid_invoice_id"],
    }
    whole = {"amount": Sale.amount, "refunded": Sale.amount}
    facts.record(programme.table, charge(**sale, **whole), clock.now())
    assert programme.signup("again", stripe_customer_id="cus_again").good
    for user in ("rejected", "approved", "decided", "again"):
        assert programme.balance(user) == 0


@use
def a_referral_that_cannot_be_read_is_postponed(programme: RunningProgramme) -> None:
    programme.owed("unreadable")
    table = programme.table
    place = keys.attribution(programme.referral_of("unreadable")["attribution"]["id"])
    readable = table.get(place)
    table.write(table.put("broken", readable | {"created_at": "not a time"}))
    assert programme.recover().good["errors"]
    table.write(table.put("mended", readable))


def _all_that_a_person_leaves(programme: RunningProgramme, user: str) -> None:
    """On both sides of a referral, rewarded, with a key, a card and credits that were spent."""
    table = programme.table
    code = codes.create(table, user, f"C{user[-1]}B2C3D4E5F6")
    sale = programme.referred(user, email=f"{user}@example.com")
    for event in (stripe_payloads.invoice_paid(sale), stripe_payloads.charge_succeeded(sale)):
        assert programme.stripe(event).good
    assert programme.stripe(stripe_payloads.customer_event(sale)).good
    other = programme.referred(f"friend-of-{user}", code=code)
    assert programme.stripe(stripe_payloads.invoice_paid(other)).good
    invoke("create_api_key", {"user_id": user})
    table.write(
        table.update(
            "spent", keys.credits(user), "ADD balance :by, spent :one", {":by": -1, ":one": 1}
        )
    )


@use
def a_person_who_leaves_much_is_erased(programme: RunningProgramme) -> None:
    _all_that_a_person_leaves(programme, "person-1")
    assert programme.admin("erase_user", "POST", "/admin/users/person-1/erase", body={}).good


@use
def an_erased_person_pays_again(programme: RunningProgramme) -> None:
    """Stripe still tells of them: of their tombstone, that is, and without their traits."""
    sale = programme.referred("person-2", email="person-2@example.com")
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good
    assert programme.admin("erase_user", "POST", "/admin/users/person-2/erase", body={}).good
    linked = stripe_payloads.customer_event(sale, metadata={"user_id": "person-2"})
    for event in (linked, stripe_payloads.charge_succeeded(sale)):
        assert programme.stripe(event).good


def _paid_unheard(programme: RunningProgramme, user: str, **came_by: str) -> None:
    """What a webhook leaves that died when it had stored its facts."""
    assert programme.signup(user, **came_by).good
    customer = f"cus_{user}"
    sale = Sale(customer=customer)
    assert programme.stripe(stripe_payloads.invoice_paid(sale)).good
    facts.link(programme.table, CustomerLinked(customer_id=customer, user_id=user))
    seen = Person(customers=frozenset({customer}))
    profiles.note(programme.table, user, seen, Person())


@use
def expiry_finds_a_payment_in_time(programme: RunningProgramme) -> None:
    _paid_unheard(programme, "late")
    later = clock.now() + timedelta(days=31)
    with patch.object(clock, "now", lambda: later):
        invoke("expire_attributions", {})
    assert programme.balance("late") == 10_000


@use
def friends_of_an_erased_referrer_are_settled_in_every_way(programme: RunningProgramme) -> None:
    """Each takes a slot of the month, which an erasure may not have moved yet."""
    code = codes.create(programme.table, "person-4", "C4B2C3D4E5F6")
    held = [
        programme.in_review(user, code=code)["attribution"]["id"] for user in ("held-1", "held-2")
    ]
    _paid_unheard(programme, "forgotten", code=code)
    paying = programme.referred("paying", code=code)
    assert programme.admin("erase_user", "POST", "/admin/users/person-4/erase", body={}).good
    assert programme.review("approve", held[0]).good
    assert programme.decide("approve", held[1], key="of-the-erased").good["items"][0]["code"] == 200
    assert programme.stripe(stripe_payloads.invoice_paid(paying)).good
    invoke("reconcile", {})
    for user in ("held-1", "held-2", "paying", "forgotten"):
        assert programme.balance(user) == 10_000


@use
def expiry_finds_a_payment_in_time_though_the_referrer_was_erased(
    programme: RunningProgramme,
) -> None:
    code = codes.create(programme.table, "person-5", "C5B2C3D4E5F6")
    _paid_unheard(programme, "late-friend", code=code)
    assert programme.admin("erase_user", "POST", "/admin/users/person-5/erase", body={}).good
    later = clock.now() + timedelta(days=31)
    with patch.object(clock, "now", lambda: later):
        invoke("expire_attributions", {})
    assert programme.balance("late-friend") == 10_000


@use
def the_daily_recount_finishes_what_was_cut_short(programme: RunningProgramme) -> None:
    _paid_unheard(programme, "unheard")
    _all_that_a_person_leaves(programme, "person-3")
    erased = tombstone(HASHING_SECRET.encode(), "person-3")
    place = keys.tombstone(erased)
    item = {"pk": place.pk, "sk": place.sk, "user_id": "person-3"}
    programme.table.write(programme.table.put("cut short", item))
    invoke("reconcile", {})
    assert (programme.balance("unheard"), programme.balance(erased)) == (10_000, 19_999)


@contextmanager
def _others_are_first() -> Iterator[None]:
    """Each change finds once that its referral has changed, and reads it again."""
    commit, met = attributions.commit, set[str]()

    def second(table: Table, change: Change, **how: Any) -> Attribution:
        if change.before is not None and change.after.id not in met:
            met.add(change.after.id)
            raise Refused(frozenset({attributions.ATTRIBUTION}))
        return commit(table, change, **how)

    with patch.object(attributions, "commit", second):
        yield


@use
def others_change_a_referral_meanwhile(programme: RunningProgramme) -> None:
    programme.owed("met")
    programme.heal_account("met")
    held = programme.in_review("met-in-review")["attribution"]["id"]
    with _others_are_first():
        assert programme.recover().good["recovered"]
        assert programme.decide("approve", held, key="met-again").good["items"][0]["code"] == 200
        programme.rewarded("met-too")
    assert (programme.balance("met"), programme.balance("met-too")) == (10_000, 10_000)


@use
def events_go_to_the_bus(programme: RunningProgramme) -> None:
    programme.rewarded("on-the-bus")
    told = {"referrals": [programme.referral_of("on-the-bus")["attribution"]["id"]]}
    with (
        patch.dict(os.environ, EVENT_BUS=BUS),
        patch.object(event_bus, "_events", FakeBus),
    ):
        settings.settings.cache_clear()
        invoke("publish_events", NEWS)
        assert invoke("deliver_events", {"endpoint": "we_bus", **told})["arrived"]
        assert programme.endpoint("send_test_event", "POST", "we_bus", "/test").good["arrived"]
    settings.settings.cache_clear()


@use
def events_go_out_and_do_not_arrive(programme: RunningProgramme) -> None:
    """One takes everything, one nothing for days, one says nothing, and one wants no more."""
    programme.rewarded("told")
    told = {"referrals": [programme.referral_of("told")["attribution"]["id"]]}
    taken, failing, silent, gone = (programme.listen().good["id"] for _ in range(4))
    since = (clock.now() - timedelta(hours=1)).isoformat()
    silence = Answer(problem="no answer within 5 s", silent=True)
    answers = {taken: Answer(200), failing: Answer(500), silent: silence, gone: Answer(410)}
    for one, answer in answers.items():
        path = f"/admin/webhook-endpoints/{one}/replay"
        assert programme.admin("replay_events", "POST", path, query={"from": since}).good
        with patch.object(couriers, "sender", Receiving.answering(answer)):
            for _ in range(2):
                invoke("deliver_events", {"endpoint": one, **told})
            for days in range(1, TRIES + 1):
                later = clock.now() + timedelta(days=2 * days)
                with patch.object(clock, "now", lambda later=later: later):
                    invoke("deliver_events", {})
    path = f"/admin/webhook-endpoints/{failing}/deliveries"
    assert programme.admin("list_deliveries", "GET", path).good["items"]


@use
def who_asks_for_events_is_deleted_in_the_end(programme: RunningProgramme) -> None:
    asks = programme.listen(url=None).good["id"]
    for user_id in ("asked-for", "asked-for-too"):
        programme.rewarded(user_id)
        one = programme.referral_of(user_id)["attribution"]["id"]
        assert invoke("deliver_events", {"endpoint": asks, "referrals": [one]})["arrived"] >= 3
    assert len(programme.pull(asks).good["items"]) >= 6
    path = f"/admin/webhook-endpoints/{asks}"
    assert programme.admin("delete_webhook_endpoint", "DELETE", path).good
    later = clock.now() + timedelta(hours=2)
    with patch.object(clock, "now", lambda: later):
        assert invoke("check_deliveries", {})["cleared"]


@use
def clicks_are_told_of(programme: RunningProgramme) -> None:
    """Of an id that was minted, of one that was given, and of one that is no more."""
    with patch.dict(os.environ, {"CLICK_EVENTS": "true"}):
        settings.settings.cache_clear()
        told, asks = (
            programme.listen("click.captured", **where).good["id"] for where in ({}, {"url": None})
        )
    settings.settings.cache_clear()
    given = programme.click(click_id="refclk_told_of").good["click_id"]
    seen = [click_subject(one) for one in (programme.click().good["click_id"], given, "refclk_no")]
    with patch.object(couriers, "sender", Receiving.answering(Answer(200))):
        for endpoint in (told, asks):
            assert invoke("deliver_events", {"endpoint": endpoint, "referrals": seen})["arrived"]
    assert len(programme.pull(asks).good["items"]) == 2


@use
def somebody_begins_with_what_the_daily_look_misses(programme: RunningProgramme) -> None:
    endpoint = programme.listen().good["id"]
    programme.rewarded("missed")
    one = programme.referral_of("missed")["attribution"]["id"]
    later = clock.now() + timedelta(hours=2)
    deliveries.claim(programme.table, endpoint, one, "another", later)
    not_yet = patch.object(deliveries, "get_many", lambda *_: {})
    with patch.object(clock, "now", lambda: later), not_yet:
        assert invoke("check_deliveries", {})["missed"]


@use
def what_has_come_is_counted_and_folded(programme: RunningProgramme) -> None:
    programme.click()
    programme.rewarded("folded")
    tomorrow = clock.now() + timedelta(days=1)
    with patch.object(clock, "now", lambda: tomorrow):
        invoke("roll_up_clicks", {})
        assert programme.stats(end=tomorrow.isoformat()).good["clicks"] >= 1
