"""Facts: many reports of one thing become one, in whatever order and however often they come."""

from datetime import timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.facts import CustomerFacts
from referrals.rules.payment import payment_of
from tests.samples import NOW, PAID, charge, dispute, invoice, invoice_payment, refund, warning

_MOMENTS = st.integers(0, 4).map(lambda hours: NOW + timedelta(hours=hours))
_AMOUNTS = st.sampled_from([0, 1, 725, PAID])
_LINKS = {
    "charge_id": st.sampled_from([None, "ch_1"]),
    "payment_intent_id": st.sampled_from([None, "pi_1"]),
}


def _reports(make, **values):
    return st.lists(st.fixed_dictionaries(values).map(lambda told: make(**told)), max_size=5)


_INVOICES = _reports(
    invoice,
    amount_paid=st.sampled_from([725, PAID]),
    told_at=_MOMENTS,
    paid_at=_MOMENTS,
    **_LINKS,
).filter(bool)
_CHARGES = _reports(
    charge,
    refunded=_AMOUNTS,
    told_at=_MOMENTS,
    payment_intent_id=_LINKS["payment_intent_id"],
    invoice_id=st.sampled_from([None, "in_1"]),
    one_off=st.booleans(),
)
_REFUNDS = st.sampled_from(
    ["pending", "requires_action", "succeeded", "failed", "canceled"]
).flatmap(
    lambda status: st.fixed_dictionaries(
        {
            "status": st.just(status),
            "amount": st.just(725),
            "failed_at": _MOMENTS if status in ("failed", "canceled") else st.none(),
            "created_at": st.just(NOW),
        }
    ).map(lambda told: refund(**told))
)
_DISPUTES = _reports(
    dispute, amount=_AMOUNTS, told_at=_MOMENTS, closed=st.booleans(), won=st.booleans()
)
_WARNINGS = _reports(warning, actionable=st.booleans(), told_at=_MOMENTS)
_PAYMENTS = _reports(
    invoice_payment,
    status=st.sampled_from(["open", "canceled", "paid"]),
    amount=_AMOUNTS,
    charge_id=_LINKS["charge_id"],
)


def _one(reports):
    """What is kept of the reports of one thing: nothing, or one fact."""
    return (reduce(lambda one, other: one.merge(other), reports),) if reports else ()


@given(
    st.tuples(_INVOICES, _CHARGES, st.lists(_REFUNDS, max_size=5), _DISPUTES, _WARNINGS, _PAYMENTS),
    st.randoms(use_true_random=False),
)
def test_no_order_and_no_repetition_makes_a_difference(told, chance):
    def kept(kinds):
        invoices, charges, refunds, disputes, warnings, payments = map(_one, kinds)
        facts = CustomerFacts(
            customer_id="cus_1",
            invoices=invoices,
            charges=charges,
            refunds=refunds,
            disputes=disputes,
            warnings=warnings,
            payments=payments,
        )
        return facts, payment_of(invoices[0], facts)

    again = []
    for reports in told:
        shuffled = [*reports, *chance.choices(reports, k=2)] if reports else []
        chance.shuffle(shuffled)
        again.append(shuffled)
    assert kept(told) == kept(again)


@given(_CHARGES.filter(bool), st.lists(_REFUNDS, max_size=4))
def test_what_was_refunded_is_between_what_stands_and_the_charge(charges, refunds):
    (known,), told = _one(charges), _one(refunds)
    paid = invoice(charge_id="ch_1")
    facts = CustomerFacts(customer_id="cus_1", invoices=(paid,), charges=(known,), refunds=told)
    refunded = payment_of(paid, facts).refunded
    assert sum(one.amount for one in told if one.stands) <= refunded <= known.amount
