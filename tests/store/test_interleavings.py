"""Two deliveries at the same time: whichever is overtaken, no fact is lost or undone."""

import pytest

from referrals.rules.facts import CustomerLinked
from tests.recounted import recounted
from tests.samples import PAID, charge, dispute, invoice, invoice_payment, refund
from tests.store.scene import Scene

_LINKED = CustomerLinked(customer_id="cus_1", user_id="new")
_INVOICE = invoice(charge_id="ch_1")
_REFUND = charge(invoice_id="in_1", refunded=PAID)
_PART = charge(invoice_id="in_1", refunded=PAID // 2)


@pytest.fixture
def scene():
    made = Scene()
    made.sign_up()
    made.tell(_LINKED)
    return made


@pytest.mark.parametrize("claim", [_REFUND, dispute()], ids=["refund", "dispute"])
@pytest.mark.parametrize(
    ("operation", "mention"),
    [("BatchGetItem", "ATTRIBUTION#"), ("TransactWriteItems", "ATTRIBUTION#")],
    ids=["before the attribution is read", "before the grant"],
)
def test_a_claim_that_overtakes_the_payment_is_not_undone_by_it(scene, claim, operation, mention):
    scene.just_before(operation, mention, lambda: scene.tell(claim))
    scene.tell(_INVOICE)
    assert scene.of().status == "rejected"
    assert (scene.balance("ref"), scene.balance("new")) == (0, 0)
    assert scene.broken() == []


@pytest.mark.parametrize("repeated", [_INVOICE, charge(invoice_id="in_1")])
def test_an_old_delivery_that_is_overtaken_by_a_refund_does_not_pay_back(scene, repeated):
    scene.tell(_INVOICE, charge(invoice_id="in_1"))
    scene.just_before("BatchGetItem", "ATTRIBUTION#", lambda: scene.tell(_REFUND))
    scene.tell(repeated)
    assert scene.of().status == "rejected"
    assert (scene.balance("ref"), scene.balance("new")) == (0, 0)


def test_an_old_delivery_that_is_overtaken_by_a_partial_refund_does_not_pay_back(scene):
    scene.tell(_INVOICE)
    scene.just_before("BatchGetItem", "ATTRIBUTION#", lambda: scene.tell(_PART))
    scene.tell(_INVOICE)
    assert (scene.balance("ref"), scene.balance("new")) == (5_000, 5_000)
    assert scene.broken() == []


def test_a_smaller_refund_that_is_overtaken_by_the_rest_does_not_pay_back(scene):
    scene.tell(_INVOICE)
    scene.just_before("TransactWriteItems", "ATTRIBUTION#", lambda: scene.tell(_REFUND))
    scene.tell(_PART)
    assert scene.of().status == "rejected"
    assert (scene.balance("ref"), scene.balance("new")) == (0, 0)
    assert scene.broken() == []


def test_a_payment_just_before_the_signup_s_first_read_counts():
    scene = Scene()
    scene.just_before("BatchGetItem", "ATTRIBUTION#", lambda: scene.tell(_LINKED, _INVOICE))
    scene.sign_up()
    assert scene.of().status == "rewarded"


def test_a_payment_between_the_signup_s_reads_and_its_write_counts_at_the_next_look():
    """docs/decisions.md: what signup and Stripe do at the same moment."""
    scene = Scene()
    scene.just_before("TransactWriteItems", "ATTRIBUTION#", lambda: scene.tell(_LINKED, _INVOICE))
    scene.sign_up()
    assert recounted(scene.table).unsettled == ("cus_1",)
    scene.tell(_LINKED)
    assert scene.of().status == "rewarded"
    assert (scene.balance("ref"), scene.balance("new")) == (10_000, 10_000)


def test_a_signup_that_overtakes_the_payment_counts():
    scene = Scene()
    scene.just_before("BatchGetItem", "ATTRIBUTION#", scene.sign_up)
    scene.tell(_LINKED, _INVOICE)
    assert scene.of().status == "rewarded"


def test_a_link_that_overtakes_the_payment_counts():
    scene = Scene()
    scene.sign_up()
    scene.just_before("Query", "STRIPE#cus_1", lambda: scene.tell(_LINKED))
    scene.tell(_INVOICE)
    assert scene.of().status == "rewarded"


def test_a_dispute_that_overtakes_its_charge_counts():
    scene = Scene()
    scene.sign_up()
    scene.tell(_LINKED)
    scene.just_before("Query", "STRIPE#cus_1", lambda: scene.tell(dispute()))
    scene.tell(_INVOICE)
    assert scene.of().status == "rejected"


def test_an_approval_that_is_overtaken_by_a_refund_grants_nothing():
    scene = Scene()
    scene.sign_up(flags=("disposable_email",))
    scene.tell(_LINKED, _INVOICE)
    scene.just_before("TransactWriteItems", "ATTRIBUTION#", lambda: scene.tell(_PART))
    scene.approve()
    assert (scene.balance("ref"), scene.balance("new")) == (5_000, 5_000)
    assert scene.broken() == []


def test_a_spent_balance_is_never_taken_below_zero_by_a_reversal(scene):
    scene.tell(_INVOICE)

    def spend():
        key = {"pk": {"S": "ACCOUNT#ref"}, "sk": {"S": "CREDITS"}}
        scene.table.client.update_item(
            TableName=scene.table.name,
            Key=key,
            UpdateExpression="ADD balance :less, spent :more",
            ExpressionAttributeValues={":less": {"N": "-9000"}, ":more": {"N": "9000"}},
        )

    scene.just_before("TransactWriteItems", "ATTRIBUTION#", spend)
    scene.tell(_REFUND)
    assert scene.balance("ref") == 0
    assert scene.of().rewards[0].shortfall == 9_000
    assert scene.broken() == []


def test_what_waits_for_a_payment_is_found_though_whoever_brought_it_along_died(scene):
    """It died once the payment was the customer's, before it moved what waited there."""
    scene.tell(invoice())
    scene.tell(refund(payment_intent_id="pi_1"))
    scene.just_before("Query", "STRIPE#pi_1", _dies)
    with pytest.raises(RuntimeError):
        scene.tell(invoice_payment())
    scene.tell(invoice_payment())
    assert scene.of().status == "rejected"
    assert (scene.balance("ref"), scene.balance("new")) == (0, 0)


def _dies():
    raise RuntimeError("the process is gone")
