"""Items and models: nothing is lost on the way, and another version's additions do no harm."""

from referrals.store import keys
from referrals.store.facts import of_customer
from referrals.store.items import attribution_from, attribution_item
from tests.samples import charge, dispute
from tests.store.scene import Scene

_LATER = {"a_later_version_s": "attribute"}


def _rewarded():
    scene = Scene()
    scene.sign_up()
    scene.pay(charge_id="ch_1")
    return scene


def test_a_rewarded_attribution_survives_the_way_into_its_item_and_back():
    one = _rewarded().of()
    assert {reward.stripe_invoice_id for reward in one.rewards} == {"in_new"}
    assert attribution_from(attribution_item(one)) == one


def test_an_attribution_with_what_a_later_version_adds_can_be_read():
    one = _rewarded().of()
    item = attribution_item(one) | _LATER
    item["rewards"] = {role: reward | _LATER for role, reward in item["rewards"].items()}
    assert attribution_from(item) == one


def test_facts_with_what_a_later_version_adds_can_be_read():
    scene = _rewarded()
    scene.tell(charge(customer_id="cus_new"), dispute())
    before = of_customer(scene.table, "cus_new")
    assert all((before.invoices, before.charges, before.disputes))
    for item in list(scene.table.query(keys.stripe("cus_new"))):
        scene.table.write(scene.table.put("later", item | _LATER))
    assert of_customer(scene.table, "cus_new") == before
