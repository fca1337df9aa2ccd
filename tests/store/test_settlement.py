"""Settling: the whole life of a referral as Stripe's facts come in."""

from datetime import timedelta

import pytest

from referrals.acts.erasure import erase
from referrals.acts.intake import EmailSeen
from referrals.rules.facts import CustomerLinked
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW
from referrals.store import attributions
from referrals.views import members
from tests.samples import NOW, PAID, SECRET, charge, dispute, invoice
from tests.store.scene import Scene
from tests.tables import everything

_WINDOW = timedelta(days=30)


@pytest.fixture
def scene():
    made = Scene()
    made.sign_up()
    return made


def _link(customer_id="cus_1", user_id="new"):
    return CustomerLinked(customer_id=customer_id, user_id=user_id)


def test_a_paid_invoice_credits_both_sides_and_says_so_everywhere(scene):
    one = scene.pay()
    assert one.status == "rewarded"
    assert (one.first_paid_invoice_id, one.stripe_invoice_id) == ("in_new", "in_new")
    assert (one.qualified_at, one.rewarded_at) == (NOW, NOW)
    assert (scene.balance("ref"), scene.balance("new")) == (10_000, 10_000)
    trail = attributions.history(scene.table, one.id).audit
    assert [entry.to_status for entry in trail] == ["attributed", "qualified", "rewarded"]
    assert scene.broken() == []


def test_a_paid_invoice_waits_for_its_link(scene):
    scene.tell(invoice())
    assert scene.of().status == "attributed"
    scene.tell(_link())
    assert scene.of().status == "rewarded"


def test_everything_may_be_known_before_the_signup():
    scene = Scene()
    scene.tell(_link(), invoice(charge_id="ch_1"), charge(refunded=PAID))
    assert scene.sign_up().skip_reason == "refunded"
    assert scene.broken() == []


@pytest.mark.parametrize(
    "free", [{"amount_paid": 0}, {"billing_reason": "manual"}, {"billing_reason": "upcoming"}]
)
def test_what_brings_no_subscription_money_changes_nothing(scene, free):
    assert scene.pay(**free).status == "attributed"
    assert scene.pay(invoice_id="in_real").first_paid_invoice_id == "in_real"


def test_facts_of_a_stranger_touch_nobody(scene):
    scene.tell(invoice(customer_id="cus_x"), dispute(charge_id="ch_x"))
    scene.tell(_link("cus_x", "nobody"))
    assert scene.of().status == "attributed"


def test_the_same_facts_again_write_nothing(scene):
    facts = (_link(), invoice(charge_id="ch_1"), charge(card="card", refunded=100), dispute())
    scene.tell(*facts)
    before = everything(scene.table)
    scene.tell(*facts)
    for fact in facts:
        scene.tell(fact)
    assert everything(scene.table) == before


def test_a_second_customer_of_one_user_pays_no_second_time(scene):
    scene.pay()
    scene.tell(_link("cus_2"), invoice(invoice_id="in_2", customer_id="cus_2"))
    assert (scene.balance("ref"), scene.balance("new")) == (10_000, 10_000)
    assert scene.broken() == []


def test_refunds_of_another_invoice_leave_the_first_one_s_credits(scene):
    scene.pay(charge_id="ch_1")
    scene.tell(
        invoice(invoice_id="in_2", customer_id="cus_new", charge_id="ch_2"),
        charge(charge_id="ch_2", customer_id="cus_new", invoice_id="in_2", refunded=PAID),
    )
    assert scene.of().status == "rewarded"


def test_one_customer_that_is_two_referred_users_is_looked_at_before_it_pays_twice(scene):
    scene.sign_up("twin")
    scene.tell(_link(), invoice())
    scene.tell(_link(user_id="twin"))
    assert scene.of().status == "rewarded"
    assert scene.of("twin").review_reason == "same_stripe_customer"
    assert scene.balance("ref") == 10_000


def test_a_payer_who_is_being_erased_is_nobody_else(scene):
    """In the middle of an erasure the attribution names the tombstone, the customer the user."""
    scene.tell(_link())
    scene.just_before("UpdateItem", "DELETE user_ids", lambda: scene.tell(invoice()))
    erase(scene.table, SECRET, "new", None, scene.programme)
    assert scene.of().status == "rewarded"


def test_a_customer_that_is_the_referrer_too_is_held_for_review(scene):
    scene.tell(_link(user_id="ref"), _link(), invoice())
    assert scene.of().review_reason == "same_stripe_customer"
    assert scene.balance("ref") == 0


def test_a_card_of_the_referrer_is_held_for_review(scene):
    scene.tell(
        _link("cus_ref", "ref"),
        charge(charge_id="ch_r", customer_id="cus_ref", card="card"),
    )
    scene.tell(_link(), charge(card="card"), invoice(charge_id="ch_1"))
    assert scene.of().review_reason == "same_card"


def test_an_address_of_the_referrer_is_held_for_review():
    scene = Scene()
    members.code_of(scene.table, b"secret", "ann", lambda: "B1B2C3D4E5F6", "hash")
    click = scene.click(code="B1B2C3D4E5F6", ip_hash="hash")
    scene.sign_up(click_id=click.click_id)
    assert scene.pay().review_reason == "same_ip"


def test_a_mailbox_of_the_referrer_is_held_for_review(scene):
    scene.tell(_link("cus_ref", "ref"), EmailSeen(customer_id="cus_ref", email_hash="mail"))
    scene.sign_up("alias", email_hash="mail")
    assert scene.pay("alias").review_reason == "same_email"


def test_signups_in_a_hurry_are_held_for_review_and_the_earlier_ones_are_not():
    scene = Scene(Programme(velocity_limit=2))
    for n in range(3):
        scene.sign_up(f"new{n}", at=NOW + timedelta(minutes=n))
    scene.sign_up("later", at=NOW + timedelta(hours=25))
    assert scene.pay("new1").status == "rewarded"
    assert scene.pay("new2").review_reason == "signup_velocity"
    assert scene.pay("later").status == "rewarded"


def test_a_rule_that_is_off_holds_nobody():
    scene = Scene(Programme(risk_rules=frozenset({"same_card"})))
    scene.sign_up(flags=("disposable_email",))
    assert scene.pay().status == "rewarded"


def test_suspicion_during_the_hold_still_stops_the_grant():
    scene = Scene(Programme(hold_days=7))
    scene.sign_up()
    scene.pay()
    scene.tell(_link("cus_new", "ref"))
    assert scene.of().review_reason == "same_stripe_customer"
    assert scene.recover(NOW + timedelta(days=8)).attempted == 0
    assert scene.broken() == []


@pytest.mark.parametrize("late", [timedelta(0), CLOCK_SKEW])
def test_a_payment_in_the_window_counts_by_its_own_time_however_late_it_is_heard_of(scene, late):
    paid_at = NOW + _WINDOW + late
    scene.tell(_link(), invoice(paid_at=paid_at), at=paid_at + timedelta(days=9))
    assert scene.of().status == "rewarded"


def test_a_payment_after_the_window_expires_the_referral(scene):
    paid_at = NOW + _WINDOW + CLOCK_SKEW + timedelta(seconds=1)
    scene.tell(_link(), invoice(paid_at=paid_at), at=NOW + timedelta(days=1))
    assert scene.of().status == "expired"
    assert scene.broken() == []


def test_several_partial_refunds_take_their_shares_once(scene):
    scene.pay(charge_id="ch_1")
    for refunded, left in ((725, 7_500), (1450, 5_000), (1450, 5_000), (725, 5_000), (PAID, 0)):
        scene.tell(charge(customer_id="cus_new", refunded=refunded))
        assert (scene.balance("ref"), scene.balance("new")) == (left, left)
        assert scene.broken() == []
    assert scene.of().status == "rejected"


def test_a_dispute_that_is_won_gives_back_what_it_took(scene):
    scene.pay(charge_id="ch_1")
    scene.tell(dispute())
    assert (scene.of().status, scene.balance("ref")) == ("rejected", 0)
    scene.tell(dispute(closed=True, won=True))
    assert (scene.of().status, scene.balance("ref")) == ("rewarded", 10_000)
    scene.tell(dispute())
    assert (scene.of().status, scene.balance("ref")) == ("rewarded", 10_000)
    assert scene.broken() == []


def test_the_new_payload_shape_links_a_dispute_by_its_payment_intent(scene):
    scene.pay(payment_intent_id="pi_1")
    scene.tell(dispute(charge_id="ch_unseen", payment_intent_id="pi_1"))
    assert scene.of().skip_reason == "disputed"


def test_two_invoices_decide_alike_in_either_order():
    """The earlier payment is the first payment, whichever is heard of first."""
    ends = set()
    first = invoice(invoice_id="in_1", paid_at=NOW)
    second = invoice(invoice_id="in_2", paid_at=NOW + timedelta(days=1))
    for told in ((first, second), (second, first)):
        scene = Scene()
        scene.sign_up()
        scene.tell(_link())
        for fact in told:
            scene.tell(fact)
        ends.add((scene.of().status, scene.of().first_paid_invoice_id))
    assert len(ends) == 1, ends
