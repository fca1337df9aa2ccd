"""Risk rules: what each one sees, what it leaves alone, and that it can be switched off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.risk import RISK_RULES, Person, RiskFacts, findings, flags

_ALL = frozenset(RISK_RULES)
_HARMLESS = RiskFacts(
    referrer=Person(
        customers=frozenset({"cus_a"}),
        cards=frozenset({"card_a"}),
        ips=frozenset({"ip_a"}),
        emails=frozenset({"mail_a"}),
    ),
    referred=Person(
        customers=frozenset({"cus_b"}),
        cards=frozenset({"card_b"}),
        ips=frozenset({"ip_b"}),
        emails=frozenset({"mail_b"}),
    ),
    recent_signups=20,
    velocity_limit=20,
)


def _sharing(**traits: frozenset[str]) -> RiskFacts:
    return RiskFacts(referrer=Person(**traits), referred=Person(**traits))


_SUSPICIOUS = {
    "same_stripe_customer": _sharing(customers=frozenset({"cus"})),
    "same_card": _sharing(cards=frozenset({"card"})),
    "same_ip": _sharing(ips=frozenset({"ip"})),
    "same_email": _sharing(emails=frozenset({"mail"})),
    "disposable_email": RiskFacts(referrer=Person(), referred=Person(), disposable_email=True),
    "signup_velocity": RiskFacts(
        referrer=Person(), referred=Person(), recent_signups=21, velocity_limit=20
    ),
}


def test_the_table_holds_the_documented_rules():
    assert list(RISK_RULES) == list(_SUSPICIOUS)


@pytest.mark.parametrize("name", _SUSPICIOUS)
def test_a_rule_flags_its_own_case_alone(name):
    assert flags(_SUSPICIOUS[name], _ALL) == (name,)


@pytest.mark.parametrize("name", _SUSPICIOUS)
def test_a_rule_that_is_off_flags_nothing(name):
    assert flags(_SUSPICIOUS[name], _ALL - {name}) == ()


def test_two_strangers_raise_no_flag():
    assert flags(_HARMLESS, _ALL) == ()


def test_people_of_whom_nothing_is_known_share_nothing():
    assert flags(RiskFacts(referrer=Person(), referred=Person()), _ALL) == ()


@given(st.sets(st.sampled_from(sorted(_ALL))))
def test_flags_come_in_the_order_of_the_table(enabled):
    shared = frozenset({"x"})
    person = Person(customers=shared, cards=shared, ips=shared, emails=shared)
    facts = RiskFacts(
        referrer=person, referred=person, disposable_email=True, recent_signups=9, velocity_limit=1
    )
    assert flags(facts, frozenset(enabled)) == tuple(n for n in RISK_RULES if n in enabled)


@pytest.mark.parametrize("name", _SUSPICIOUS)
def test_a_finding_says_what_the_flag_says(name):
    found = findings(_SUSPICIOUS[name])
    assert tuple(one.rule for one in found) == tuple(RISK_RULES)
    assert tuple(one.rule for one in found if one.holds) == (name,)


def test_a_finding_counts_what_is_known_of_either_side_and_of_both():
    facts = RiskFacts(
        referrer=Person(cards=frozenset({"a", "b"})),
        referred=Person(cards=frozenset({"b", "c", "d"})),
    )
    (seen,) = (one for one in findings(facts) if one.rule == "same_card")
    assert (seen.referrer, seen.referred, seen.shared) == (2, 3, 1)
