"""One scenario for each condition of the money path: what would go wrong without it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from referrals.acts import disabling
from referrals.dynamodb.parts import Refused
from referrals.rules.attribution import Status
from referrals.rules.errors import InvalidRequest, StateConflict
from referrals.rules.facts import CustomerLinked
from referrals.rules.ids import attribution_id, tombstone
from referrals.rules.programme import Programme
from referrals.store import api_keys, codes, facts, keys
from referrals.store.api_keys import ApiKey
from referrals.store.codes import Code, CodeTaken
from tests.proof.stage import Stage
from tests.samples import CODE, NOW, PAID, SECRET, actor, charge, dispute, invoice
from tests.simulation.faults import Fault
from tests.store.scene import Scene

Scenario = Callable[[Stage], None]
SCENARIOS: dict[str, Scenario] = {}
RIVAL = "B1B2C3D4E5F6"
HELD = Programme(hold_days=2)


def scenario(act: Scenario) -> Scenario:
    SCENARIOS[act.__name__.replace("_", " ")] = act
    return act


def scene_on(stage: Stage, programme: Programme | None = None) -> Scene:
    return Scene(programme or Programme(), stage.table())


@scenario
def of_two_signups_at_once_one_stands(stage: Stage) -> None:
    scene = scene_on(stage)
    codes.create(scene.table, "rival", RIVAL)
    stage.just_before("TransactWriteItems", "COHORT", lambda: scene.sign_up(code=RIVAL))
    with pytest.raises(StateConflict):
        scene.sign_up()
    assert scene.of().referrer_user_id == "rival"
    assert scene.broken() == []


@scenario
def a_code_that_is_disabled_meanwhile_refers_nobody(stage: Stage) -> None:
    scene = scene_on(stage)
    disable = partial(disabling.disable, scene.table, CODE, actor(NOW))
    stage.just_before("TransactWriteItems", "COHORT", disable)
    with pytest.raises(InvalidRequest):
        scene.sign_up()


@scenario
def a_disabling_that_was_held_up_does_not_undo_what_others_decided(stage: Stage) -> None:
    scene = scene_on(stage)

    def others() -> None:
        disabling.disable(scene.table, CODE, actor(NOW))
        disabling.enable(scene.table, CODE, actor(NOW))

    stage.just_before("TransactWriteItems", "CODE#", others)
    with pytest.raises(StateConflict):
        disabling.disable(scene.table, CODE, actor(NOW))
    assert scene.sign_up().referrer_user_id == "ref"


@scenario
def an_enabling_that_was_held_up_does_not_undo_what_others_decided(stage: Stage) -> None:
    scene = scene_on(stage)
    disabling.disable(scene.table, CODE, actor(NOW))

    def others() -> None:
        disabling.enable(scene.table, CODE, actor(NOW))
        disabling.disable(scene.table, CODE, actor(NOW))

    stage.just_before("TransactWriteItems", "CODE#", others)
    with pytest.raises(StateConflict):
        disabling.enable(scene.table, CODE, actor(NOW))
    with pytest.raises(InvalidRequest):
        scene.sign_up()


@scenario
def a_code_that_is_retired_twice_has_changed_once(stage: Stage) -> None:
    scene = scene_on(stage)
    retire = partial(codes.retire, scene.table, CODE, tombstone(SECRET, "ref"))
    stage.just_before("TransactWriteItems", "CODE#", retire)
    retire()
    known = codes.standing(scene.table, CODE)
    assert known is not None
    assert known.changes == 1


@scenario
def the_code_of_one_who_is_erased_meanwhile_is_not_enabled(stage: Stage) -> None:
    scene = scene_on(stage)
    disabling.disable(scene.table, CODE, actor(NOW))
    gone = tombstone(SECRET, "ref")
    retire = partial(codes.retire, scene.table, CODE, gone)
    stage.just_before("TransactWriteItems", "CODE#", retire)
    with pytest.raises(StateConflict):
        disabling.enable(scene.table, CODE, actor(NOW))
    assert codes.get(scene.table, CODE) == Code(CODE, gone, disabled=True)
    with pytest.raises(InvalidRequest):
        scene.sign_up()


@scenario
def of_two_qualifications_at_once_one_stands(stage: Stage) -> None:
    scene = scene_on(stage, HELD)
    scene.sign_up()
    stage.just_before("TransactWriteItems", "AUDIT", scene.pay)
    scene.pay()
    assert scene.of().status is Status.QUALIFIED
    assert scene.broken() == []


@scenario
def an_attribution_restored_from_a_backup_is_not_paid_again(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.sign_up()
    key = keys.attribution(attribution_id(SECRET, "new"))
    backup = scene.table.get(key)
    scene.pay()
    scene.table.write(scene.table.put("restored", backup))
    scene.pay()
    scene.recover()
    assert (scene.balance("ref"), scene.balance("new")) == (10_000, 10_000)


@scenario
def a_reversal_takes_no_more_than_is_left(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.sign_up()
    scene.pay()

    def spend() -> None:
        spent = {":by": -9_999, ":spent": 9_999}
        place = keys.credits("ref")
        scene.table.write(
            scene.table.update("spent", place, "ADD balance :by, spent :spent", spent)
        )

    stage.just_before("TransactWriteItems", "reversal", spend)
    scene.tell(charge(customer_id="cus_new", invoice_id="in_new", refunded=PAID))
    assert scene.balance("ref") == 0
    assert scene.broken() == []


@scenario
def the_first_of_a_month_is_rewarded_and_the_next_is_capped(stage: Stage) -> None:
    scene = scene_on(stage, Programme(monthly_cap=1))
    for user in ("one", "two"):
        scene.sign_up(user)
        scene.pay(user)
    assert scene.of("one").status is Status.REWARDED
    assert scene.of("two").status is Status.CAPPED
    assert scene.broken() == []


@scenario
def of_two_at_once_for_a_months_last_slot_one_gets_it(stage: Stage) -> None:
    scene = scene_on(stage, Programme(monthly_cap=1))
    for user in ("one", "two"):
        scene.sign_up(user)
    stage.just_before("TransactWriteItems", "REWARDS", lambda: scene.pay("one"))
    assert scene.pay("two").status is Status.CAPPED
    assert scene.of("one").status is Status.REWARDED
    assert scene.broken() == []


@scenario
def a_month_with_a_slot_left_is_not_full(stage: Stage) -> None:
    scene = scene_on(stage, Programme(monthly_cap=2))
    for user in ("one", "two"):
        scene.sign_up(user)
        scene.pay(user)
        assert scene.of(user).status is Status.REWARDED


@scenario
def a_code_has_one_owner(stage: Stage) -> None:
    scene = scene_on(stage)
    with pytest.raises(CodeTaken):
        codes.create(scene.table, "thief", "A1B2C3D4E5F6")
    owner = codes.get(scene.table, "A1B2C3D4E5F6")
    assert owner is not None
    assert owner.user_id == "ref"


@scenario
def a_user_has_one_code(stage: Stage) -> None:
    scene = scene_on(stage)
    assert codes.create(scene.table, "ref", RIVAL) == "A1B2C3D4E5F6"
    assert codes.of_user(scene.table, "ref") == "A1B2C3D4E5F6"


@scenario
def the_first_report_of_an_invoice_stands(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.sign_up()
    paid = {"customer_id": "cus_new", "invoice_id": "in_new", "paid_at": NOW}
    scene.tell(invoice(**paid, event_id="evt_first"))
    scene.tell(invoice(**paid, event_id="evt_again"))
    scene.tell(CustomerLinked(customer_id="cus_new", user_id="new"))
    assert scene.of().stripe_event_id == "evt_first"


def _refunded(amount: int) -> object:
    return charge(customer_id="cus_new", invoice_id="in_new", refunded=amount)


def _between_read_and_write(stage: Stage, kind: str, act: Callable[[], object]) -> None:
    """A fact that is there already is first tried to be put, then read, then put anew."""
    stage.just_before("PutItem", kind, lambda: stage.just_before("PutItem", kind, act))


@scenario
def of_two_first_reports_of_a_charge_none_is_lost(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.sign_up()
    scene.pay()
    stage.just_before("PutItem", "CHARGE", lambda: scene.tell(_refunded(PAID)))
    scene.tell(_refunded(100))
    (kept,) = facts.of_customer(scene.table, "cus_new").charges
    assert kept.refunded == PAID


@scenario
def of_two_later_reports_of_a_charge_none_is_lost(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.tell(_refunded(0))
    _between_read_and_write(stage, "CHARGE", lambda: scene.tell(_refunded(PAID)))
    scene.tell(_refunded(100))
    (kept,) = facts.of_customer(scene.table, "cus_new").charges
    assert kept.refunded == PAID


@scenario
def a_fact_that_an_earlier_version_kept_is_brought_up_to_date(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.tell(_refunded(0))
    place = keys.stripe_fact("cus_new", "CHARGE", "ch_1")
    scene.table.write(scene.table.update("older", place, "REMOVE revision", {}))
    scene.tell(_refunded(PAID))
    (kept,) = facts.of_customer(scene.table, "cus_new").charges
    assert kept.refunded == PAID


@scenario
def a_dispute_that_an_earlier_version_kept_is_brought_up_to_date(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.sign_up()
    scene.pay(charge_id="ch_1")
    scene.tell(dispute())
    for reference in ("ch_1", "cus_new"):
        place = keys.stripe_fact(reference, "DISPUTE", "dp_1")
        scene.table.write(scene.table.update("older", place, "REMOVE revision", {}))
    scene.tell(dispute(closed=True, won=True))
    (kept,) = facts.of_customer(scene.table, "cus_new").disputes
    assert kept.won


@scenario
def of_two_later_reports_of_a_dispute_none_is_lost(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.tell(dispute(amount=1))
    won = dispute(closed=True, won=True)
    _between_read_and_write(stage, "DISPUTE", lambda: scene.tell(won))
    scene.tell(dispute(amount=2))
    scene.tell(charge(customer_id="cus_new"))
    (kept,) = facts.of_customer(scene.table, "cus_new").disputes
    assert kept.won


@scenario
def a_dispute_that_was_won_is_not_opened_again_by_an_old_report(stage: Stage) -> None:
    scene = scene_on(stage)
    scene.sign_up()
    scene.pay(charge_id="ch_1")
    scene.tell(dispute())
    scene.tell(dispute(closed=True, won=True))
    scene.tell(dispute())
    assert scene.of().status is Status.REWARDED


@scenario
def only_what_is_owed_is_postponed(stage: Stage) -> None:
    scene = scene_on(stage, HELD)
    scene.sign_up()
    scene.pay()

    later = NOW + timedelta(days=3)

    def granted_meanwhile_and_unanswered() -> None:
        scene.recover(at=later)
        number = len(stage.calls)
        stage.script = dict.fromkeys(range(number + 1, number + 5), Fault.LOST_REQUEST)

    stage.just_before("TransactWriteItems", "LEDGER", granted_meanwhile_and_unanswered)
    assert scene.recover(at=later).errors
    stage.script = {}
    key = keys.attribution(attribution_id(SECRET, "new"))
    item = scene.table.get(key)
    assert item is not None
    assert item["status"] == "rewarded"
    assert "next_attempt_at" not in item


@scenario
def a_key_has_one_owner(stage: Stage) -> None:
    scene = scene_on(stage)
    secret_key = "rfk_one"
    for user in ("owner", "thief"):
        made = ApiKey(id=f"key_{user}", user_id=user, role="admin", created_at=NOW)
        if user == "owner":
            api_keys.create(scene.table, secret_key, made)
        else:
            with pytest.raises(Refused):
                api_keys.create(scene.table, secret_key, made)
    found = api_keys.find(scene.table, secret_key)
    assert found is not None
    assert found.user_id == "owner"
