"""Reconciliation: every kind of difference is told in a sentence, a sound table has none."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from referrals.acts.fold import fold
from referrals.acts.recount import lasting
from referrals.edge import service, settings
from referrals.rules import funnel
from referrals.rules.attribution import Status
from referrals.rules.facts import CustomerLinked
from referrals.rules.ids import attribution_id, reward_id
from referrals.store import codes, facts, funnel_counts, keys
from tests.functions.client import invoke
from tests.recounted import recounted
from tests.samples import CODE, NOW, PAID, SECRET, charge, invoice
from tests.store.scene import Scene
from tests.tables import everything

REWARDED = attribution_id(SECRET, "rewarded")
REWARD = reward_id(REWARDED, "referred")
GRANT = ("USER#rewarded", f"LEDGER#{REWARD}")
CREDITS = ("ACCOUNT#rewarded", "CREDITS")
ATTRIBUTION = (f"ATTRIBUTION#{REWARDED}", "ATTRIBUTION")


@pytest.fixture
def busy(table):
    """A table with a referral in most states, refunds, campaigns and spent credits."""
    scene = Scene(table=table)
    scene.click("visit-1", utm_campaign="spring")
    scene.sign_up("campaign", click_id="visit-1")
    scene.sign_up("waiting", at=NOW + timedelta(hours=2))
    for user_id in ("rewarded", "refunded", "partly"):
        scene.sign_up(user_id)
        scene.pay(user_id, charge_id=f"ch_{user_id}")
    for user_id, refunded in (("refunded", PAID), ("partly", PAID // 3)):
        seen = {"charge_id": f"ch_{user_id}", "customer_id": f"cus_{user_id}"}
        scene.tell(charge(refunded=refunded, **seen))
    for user_id in ("held", "rejected", "approved"):
        scene.sign_up(user_id, flags=("disposable_email",))
        scene.pay(user_id)
    scene.reject("rejected")
    scene.approve("approved")
    return scene


def edit(scene, place, **changes):
    """Another item in its place; None takes an attribute away."""
    item = next(one for one in everything(scene.table) if (one["pk"], one["sk"]) == place)
    changed = {name: value for name, value in (item | changes).items() if value is not None}
    scene.table.write(scene.table.put("edited", changed))


def lose(scene, place):
    scene.table.client.delete_item(
        TableName=scene.table.name, Key={"pk": {"S": place[0]}, "sk": {"S": place[1]}}
    )


def invent(scene, place, **attributes):
    item = {"pk": place[0], "sk": place[1], **attributes}
    scene.table.write(scene.table.put("invented", item))


def with_reward(scene, **changes):
    """Change what the attribution says of its reward."""
    (item,) = (one for one in everything(scene.table) if (one["pk"], one["sk"]) == ATTRIBUTION)
    reward = {**item["rewards"]["referred"], **changes}
    kept = {name: value for name, value in reward.items() if value is not None}
    edit(scene, ATTRIBUTION, rewards={**item["rewards"], "referred": kept})


STAMP = "2026-11-20T12:00:00.000Z"
BOOKED = {"kind": "grant", "attribution_id": REWARDED, "at": STAMP}
FAULTS = {
    "credits out of nowhere": (
        lambda scene: edit(scene, CREDITS, balance=10_001),
        ["account rewarded: balance 10001 + spent 0, ledger says 10000"],
    ),
    "credits spent twice": (
        lambda scene: edit(scene, CREDITS, spent=7),
        ["account rewarded: balance 10000 + spent 7, ledger says 10000"],
    ),
    "a lost account": (
        lambda scene: lose(scene, CREDITS),
        ["account rewarded: balance 0 + spent 0, ledger says 10000"],
    ),
    "a balance below zero": (
        lambda scene: edit(scene, CREDITS, balance=-1, spent=10_001),
        ["account rewarded: balance -1 is below zero"],
    ),
    "a balance that is no number": (
        lambda scene: edit(scene, CREDITS, balance="frozen"),
        ["account rewarded: the balance is not a number"],
    ),
    "a lost booking": (
        lambda scene: (lose(scene, GRANT), edit(scene, CREDITS, balance=0)),
        [f"reward {REWARD}: granted and ledger disagree"],
    ),
    "a booking that was not granted": (
        lambda scene: with_reward(scene, credits_granted_at=None),
        [f"reward {REWARD}: granted and ledger disagree"],
    ),
    "another sum than owed": (
        lambda scene: with_reward(scene, credits=9_000),
        [f"reward {REWARD}: 9000 owed, 10000 booked"],
    ),
    "a reversal that was not booked": (
        lambda scene: with_reward(scene, reversed_credits=5),
        [f"reward {REWARD}: reversals and ledger disagree"],
    ),
    "a grant of no reward": (
        lambda scene: (
            invent(scene, ("USER#rewarded", "LEDGER#reward_x"), credits=5, **BOOKED),
            edit(scene, CREDITS, balance=10_005),
        ),
        ["ledger rewarded reward_x: no reward knows this booking"],
    ),
    "a slot too many": (
        lambda scene: edit(scene, ("USER#ref", "REWARDS#2026-11"), qualified=9),
        ["referrer ref in 2026-11: counter 9, slots in use 4"],
    ),
    "a lost month": (
        lambda scene: lose(scene, ("USER#ref", "REWARDS#2026-11")),
        ["referrer ref in 2026-11: counter 0, slots in use 4"],
    ),
    "a month of nothing": (
        lambda scene: invent(scene, ("USER#ref", "REWARDS#2026-10"), qualified=1),
        ["referrer ref in 2026-10: counter 1, slots in use 0"],
    ),
    "an attribution out of its cohort": (
        lambda scene: lose(scene, keys.cohort_member(STAMP, REWARDED)),
        # What is not in a list is not recounted by it either.
        [f"attribution {REWARDED}: missing in its cohort", "funnel of * at 2026-11-20T12:00: …"],
    ),
    "an attribution out of its referrer's list": (
        lambda scene: lose(scene, ("USER#ref", f"REFERRAL#{STAMP}#{REWARDED}")),
        [
            f"attribution {REWARDED}: missing in its referrer's list",
            f"referrer of {CODE}: …",
            "referrer ref in 2026-11: counter 4, slots in use 3",
        ],
    ),
}


def test_a_healthy_busy_table_has_no_differences(busy):
    statuses = {item["status"] for item in everything(busy.table) if item["sk"] == "ATTRIBUTION"}
    assert statuses == {"attributed", "rewarded", "rejected", "review_required"}
    found = recounted(busy.table)
    assert found.differences == ()
    assert found.items == len(everything(busy.table))


@pytest.mark.parametrize("fault", FAULTS)
def test_every_difference_is_told_and_nothing_is_written(busy, fault):
    break_it, told = FAULTS[fault]
    break_it(busy)
    before = everything(busy.table)
    found = recounted(busy.table).differences
    assert len(found) == len(told)
    for one, expected in zip(found, told, strict=True):
        assert one == expected or (expected.endswith("…") and one.startswith(expected[:-1]))
    assert everything(busy.table) == before


@pytest.mark.parametrize(
    ("period", "name"),
    [("2026-11-20T12:00", "00"), ("2026-11-20T12", "12"), ("2026-11", "11"), ("2026", "2026")],
)
@pytest.mark.parametrize("campaign", ["*", "spring"])
def test_a_funnel_that_miscounts_is_told(busy, campaign, period, name):
    fold(busy.table)
    place = f"FUNNEL#{period.removesuffix(name).rstrip('-T:')}", f"COHORTS#{campaign}"
    (stored,) = (one for one in everything(busy.table) if (one["pk"], one["sk"]) == place)
    edit(busy, place, **{f"p{name}": stored[f"p{name}"] + 1})
    told = recounted(busy.table).differences
    assert all(one.startswith(f"funnel of {campaign} at 2026") for one in told)
    (said,) = (one for one in told if one.startswith(f"funnel of {campaign} at {period}: stored "))
    assert f"attributed={stored[f'p{name}'] % 10**9 + 1}," in said.split("), ")[0]


def _periods(told):
    assert all(one.startswith("funnel of * at ") for one in told)
    return sorted(one.split(": ")[0].removeprefix("funnel of * at ") for one in told)


def test_a_lost_shard_of_the_funnel_is_told(busy):
    lose(busy, keys.shard_of_counts("*", NOW, keys.shard(REWARDED)))
    told = _periods(recounted(busy.table).differences)
    assert told == ["2026-11-20T12:00"]


def test_a_lost_day_of_the_funnel_is_told(busy):
    fold(busy.table)
    lose(busy, ("FUNNEL#2026-11-20", "COHORTS#*"))
    told = recounted(busy.table).differences
    assert _periods(told) == ["2026-11-20", "2026-11-20T12", "2026-11-20T14"]
    of_hours = [one for one in told if "T1" in one]
    assert all("stored Cohort(attributed=0," in one for one in of_hours)


def test_a_lost_hour_of_the_funnel_is_told(busy):
    fold(busy.table)
    lose(busy, ("FUNNEL#2026-11-20T12", "COHORTS#spring"))
    told = [one.split(": ")[0] for one in recounted(busy.table).differences]
    assert told == ["funnel of spring at 2026-11-20T12", "funnel of spring at 2026-11-20T12:00"]


@pytest.mark.parametrize("campaign", ["*", "spring"])
def test_counts_of_a_day_on_which_nobody_signed_up_are_told(busy, campaign):
    """Also where they add up to what stands of them all the way to all time."""
    born = replace(busy.of("campaign"), created_at=NOW - timedelta(days=400), utm_campaign=campaign)
    (part,) = funnel_counts.changed(busy.table, campaign, born, funnel.counts_for(born))
    busy.table.write(part)
    for _ in range(2):
        told = [one.split(": ")[0] for one in recounted(busy.table).differences]
        assert told == [f"funnel of {campaign} at 2025-10-16T12:00"]
        fold(busy.table)


def test_counts_of_a_code_by_which_nobody_came_are_told(busy):
    codes.create(busy.table, "nobody", "NOBODY000000")
    place = keys.referrer_counts("NOBODY000000", 7)
    invent(busy, place, attributed=1)
    (told,) = recounted(busy.table).differences
    assert told.startswith("referrer of NOBODY000000: stored {'attributed': 1,")


def test_what_changes_between_two_looks_is_no_difference(busy, monkeypatch):
    """The booking is seen and the balance is not yet, as when a grant comes between two reads."""
    edit(busy, CREDITS, balance=9_000)
    waited = []

    def settle_meanwhile(_):
        waited.append(True)
        edit(busy, CREDITS, balance=10_000)

    monkeypatch.setattr(lasting, "time", SimpleNamespace(sleep=settle_meanwhile))
    assert recounted(busy.table).differences == ()
    assert waited


def test_what_keeps_changing_is_no_difference(busy, monkeypatch):
    edit(busy, CREDITS, balance=9_000)
    balances = iter(range(9_001, 9_100))
    changing = SimpleNamespace(sleep=lambda _: edit(busy, CREDITS, balance=next(balances)))
    monkeypatch.setattr(lasting, "time", changing)
    assert recounted(busy.table).differences == ()


@pytest.fixture
def daily(busy, monkeypatch):
    """Runs the function of every day on the table."""
    monkeypatch.setattr(settings, "_secret", lambda _: SECRET.decode())
    monkeypatch.setattr(service, "table", lambda: busy.table)
    return lambda: invoke("reconcile", {})


def test_the_function_answers_with_every_difference(busy, daily):
    assert daily()["difference_count"] == 0
    edit(busy, CREDITS, balance=10_001)
    lose(busy, ("USER#ref", "REWARDS#2026-11"))
    done = daily()
    assert done["difference_count"] == len(done["differences"]) == 2
    assert done["done"]
    # How far it has come is an item, too.
    assert done["items"] == len(everything(busy.table)) + 1


def test_a_payment_that_was_never_settled_is_settled_by_the_function(busy, daily):
    """Link and payment were kept, and the function that kept them was cut short."""
    facts.link(busy.table, CustomerLinked(customer_id="cus_waiting", user_id="waiting"))
    facts.record(busy.table, invoice(customer_id="cus_waiting"), NOW)
    assert busy.of("waiting").status is Status.ATTRIBUTED
    assert recounted(busy.table).unsettled == ("cus_waiting",)
    daily()
    assert busy.of("waiting").status is Status.REWARDED
    assert recounted(busy.table).unsettled == ()
