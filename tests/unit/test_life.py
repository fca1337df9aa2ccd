"""The life of an attribution: which act the facts call for, and which are refused."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules import life
from referrals.rules.attribution import TRANSITIONS, Role, Status, move
from referrals.rules.errors import StateConflict
from referrals.rules.payment import Payment
from referrals.rules.programme import Programme
from referrals.rules.rewards import fail_grant, grant
from referrals.rules.times import CLOCK_SKEW
from tests.samples import NOW, PAID, actor, attribution, invoice

_PROGRAMME = Programme()
_PAYMENT = Payment(invoice=invoice())
_REFUNDED = replace(_PAYMENT, refunded=PAID)
_DISPUTED = replace(_PAYMENT, disputed=PAID)
_PARTLY = replace(_PAYMENT, refunded=725)
_OVER = NOW + timedelta(days=30) + CLOCK_SKEW
S = Status


def _pay(one, payment=_PAYMENT, flags=(), programme=_PROGRAMME, *, capped=False, at=NOW):
    change = life.meet_payment(one, payment, flags, programme, actor(at), capped=capped)
    return change.after if change else one


def _grant(one):
    return grant(one, one.pending_rewards, actor()).after


def _failed(one):
    last = replace(one.pending_rewards[0], attempts=7)
    return fail_grant(one.with_reward(last), last, "no account", actor()).after


def _expired(at=_OVER):
    return life.expire(attribution(), at, actor()).after


_STATES = {
    S.ATTRIBUTED: attribution,
    S.EXPIRED: _expired,
    S.REVIEW_REQUIRED: lambda: _pay(attribution(), flags=("same_ip",)),
    S.QUALIFIED: lambda: _pay(attribution()),
    S.FAILED: lambda: _failed(_pay(attribution())),
    S.CAPPED: lambda: _pay(attribution(), capped=True),
    S.REWARDED: lambda: _grant(_pay(attribution())),
    S.REJECTED: lambda: _pay(attribution(), _DISPUTED),
}
_ACTS = {
    "pay": _pay,
    "pay over the cap": lambda one: _pay(one, capped=True),
    "pay under suspicion": lambda one: _pay(one, flags=("same_ip",)),
    "refund": lambda one: _pay(one, _REFUNDED),
    "approve": lambda one: life.approve(one, _PROGRAMME, actor(), capped=False).after,
    "approve over the cap": lambda one: life.approve(one, _PROGRAMME, actor(), capped=True).after,
    "reject": lambda one: life.reject(one, actor()).after,
    "expire": lambda one: life.expire(one, _OVER, actor()).after,
    "grant": lambda one: _grant(one) if one.pending_rewards else one,
    "fail": lambda one: _failed(one) if one.pending_rewards else one,
}


def _steps():
    """Every step that some act takes from some state, or from one that led there."""
    seen = set()
    states = [make() for make in _STATES.values()]
    # A dispute is won after a grant, and after a cap.
    states += [_pay(_STATES[status](), _DISPUTED) for status in (S.REWARDED, S.CAPPED)]
    states += [_pay(_grant(_STATES[S.CAPPED]()), _DISPUTED), _failed(_STATES[S.CAPPED]())]
    for one, act in product(states, _ACTS.values()):
        try:
            seen.add((one.status, act(one).status))
        except (StateConflict, AttributeError):
            continue
    unmoved = {(status, status) for status in Status} - {(S.REJECTED, S.REJECTED)}
    return seen - unmoved


def test_the_acts_take_exactly_the_steps_of_the_table():
    assert _steps() == {(before, to) for before, many in TRANSITIONS.items() for to in many}


@pytest.mark.parametrize(("before", "to"), list(product(Status, Status)))
def test_a_step_is_made_and_written_down_or_refused(before, to):
    one = attribution(status=before)
    if to in TRANSITIONS[before]:
        change = move(one, to, actor(why="because"))
        (entry,) = change.audit
        assert change.after.status is to
        assert (entry.from_status, entry.to_status, entry.why) == (before, to, "because")
        assert (entry.by, entry.at) == ("tester", NOW)
    else:
        with pytest.raises(ValueError, match="no transition"):
            move(one, to, actor())


def test_a_first_payment_qualifies_and_owes_both_sides():
    one = _pay(attribution())
    assert one.status is S.QUALIFIED
    assert [owed.role for owed in one.rewards] == [Role.REFERRER, Role.REFERRED]
    assert (one.qualified_at, one.first_paid_invoice_id) == (NOW, "in_1")
    assert (one.stripe_event_id, one.paid_amount) == ("evt_1", PAID)


def test_the_same_payment_again_changes_nothing():
    for status in (S.QUALIFIED, S.REWARDED, S.CAPPED, S.FAILED):
        assert life.meet_payment(_STATES[status](), _PAYMENT, (), _PROGRAMME, actor()) is None


def test_over_the_cap_the_referred_alone_is_owed():
    one = _pay(attribution(), capped=True)
    assert (one.status, one.skip_reason, one.cap_month) == (S.CAPPED, "capped", None)
    assert [owed.role for owed in one.rewards] == [Role.REFERRED]


def test_the_first_flag_is_the_reason_for_review_and_nothing_is_owed():
    one = _pay(attribution(), flags=("same_card", "disposable_email"))
    assert one.review_reason == "same_card"
    assert one.risk_flags == ("disposable_email", "same_card")
    assert one.rewards == ()


def test_a_qualification_takes_one_slot_of_its_month_and_a_lapsed_one_gives_it_back():
    taken = life.meet_payment(attribution(), _PAYMENT, (), _PROGRAMME, actor())
    assert (taken.cap.user_id, taken.cap.month, taken.cap.slots) == ("ref", "2026-11", 1)
    later = actor(NOW + timedelta(days=20))
    released = life.meet_payment(taken.after, _REFUNDED, (), _PROGRAMME, later)
    assert (released.cap.month, released.cap.slots) == ("2026-11", -1)
    assert released.after.cap_month is None


def test_a_slot_that_paid_out_is_kept_by_a_refund():
    change = life.meet_payment(_STATES[S.REWARDED](), _REFUNDED, (), _PROGRAMME, actor())
    assert change.cap is None
    assert change.after.cap_month == "2026-11"


@pytest.mark.parametrize("status", [S.ATTRIBUTED, S.EXPIRED, S.QUALIFIED, S.FAILED, S.CAPPED])
@pytest.mark.parametrize(("claim", "why"), [(_REFUNDED, "refunded"), (_DISPUTED, "disputed")])
def test_a_claim_of_all_before_the_grant_rejects_and_owes_nothing(status, claim, why):
    one = _pay(_STATES[status](), claim)
    assert (one.status, one.skip_reason, one.rewards) == (S.REJECTED, why, ())
    assert why in one.risk_flags


@pytest.mark.parametrize("first", [_REFUNDED, _DISPUTED])
def test_a_dispute_is_the_reason_wherever_there_is_one(first):
    both = replace(_DISPUTED, refunded=PAID)
    for start in (attribution(), _STATES[S.REWARDED]()):
        assert _pay(_pay(start, first), both).skip_reason == "disputed"


def test_a_refund_is_the_reason_once_the_dispute_is_won():
    one = _pay(attribution(), replace(_DISPUTED, refunded=PAID))
    assert _pay(one, _REFUNDED).skip_reason == "refunded"


def test_a_claim_of_a_part_is_a_flag_and_leaves_the_status():
    for status in (S.QUALIFIED, S.REWARDED, S.CAPPED, S.REVIEW_REQUIRED):
        one = _pay(_STATES[status](), _PARTLY)
        assert (one.status, one.claimed_amount) == (status, 725)
        assert "partially_refunded" in one.risk_flags


def test_a_reversed_dispute_pays_after_all():
    assert _pay(_pay(attribution(), _DISPUTED)).status is S.QUALIFIED
    rewarded = _pay(_pay(_STATES[S.REWARDED](), _DISPUTED))
    assert (rewarded.status, rewarded.skip_reason) == (S.REWARDED, None)
    assert "disputed" not in rewarded.risk_flags


def test_a_reviewer_s_no_is_final():
    rejected = life.reject(_STATES[S.REVIEW_REQUIRED](), actor(why="fraud")).after
    assert (rejected.reviewed_by, rejected.reviewed_at) == ("tester", NOW)
    assert rejected.review_reason == "fraud"
    for payment in (_PAYMENT, _REFUNDED, _DISPUTED):
        assert _pay(rejected, payment).status is S.REJECTED


_CLAIMED = {
    "before it was granted": lambda: _pay(attribution(), _DISPUTED),
    "once it was granted": lambda: _pay(_STATES[S.REWARDED](), _DISPUTED),
    "once it was approved": lambda: _pay(
        life.approve(_STATES[S.REVIEW_REQUIRED](), _PROGRAMME, actor(), capped=False).after,
        _DISPUTED,
    ),
}


@pytest.mark.parametrize("claimed", _CLAIMED.values(), ids=_CLAIMED)
def test_a_reviewer_s_no_to_what_a_claim_rejected_outlasts_the_claim(claimed):
    before = claimed()
    change = life.reject(before, replace(actor(why="fraud"), name="bob"))
    rejected = change.after
    assert (rejected.reviewed_by, rejected.review_reason) == ("bob", "fraud")
    assert (rejected.status, rejected.skip_reason) == (S.REJECTED, None)
    assert rejected.rewards == before.rewards
    (entry,) = change.audit
    assert (entry.by, entry.from_status, entry.to_status) == ("bob", S.REJECTED, S.REJECTED)
    assert _pay(rejected, _PAYMENT) == rejected
    assert life.reject(rejected, actor()) is None


def test_flag_only_leaves_what_was_granted():
    programme = Programme(reverse_automatically=False)
    one = _pay(_STATES[S.REWARDED](), _REFUNDED, programme=programme)
    assert (one.status, one.claimed_amount) == (S.REWARDED, 0)
    assert "refunded" in one.risk_flags
    assert _pay(attribution(), _REFUNDED, programme=programme).status is S.REJECTED


def test_a_hold_is_counted_from_the_qualification():
    one = _pay(attribution(), programme=Programme(hold_days=7))
    assert one.held_until == NOW + timedelta(days=7) + CLOCK_SKEW


def test_suspicion_during_the_hold_sends_to_review_and_frees_the_slot():
    held = _pay(attribution(), programme=Programme(hold_days=7))
    change = life.meet_payment(held, _PAYMENT, ("same_card",), _PROGRAMME, actor())
    assert change.after.status is S.REVIEW_REQUIRED
    assert (change.after.held_until, change.after.rewards) == (None, ())
    assert change.cap.slots == -1


def test_what_a_person_approved_is_not_sent_to_review_again():
    programme = Programme(hold_days=7)
    approved = life.approve(_STATES[S.REVIEW_REQUIRED](), programme, actor(), capped=False).after
    assert _pay(approved, flags=("same_card",), programme=programme).status is S.QUALIFIED


@pytest.mark.parametrize("status", [s for s in Status if s is not S.REVIEW_REQUIRED])
def test_only_what_waits_for_review_is_reviewed(status):
    one = _STATES[status]()
    with pytest.raises(StateConflict) as refusal:
        life.approve(one, _PROGRAMME, actor(), capped=False)
    assert refusal.value.state == status
    if status is not S.REJECTED:
        with pytest.raises(StateConflict):
            life.reject(one, actor())


def test_the_same_decision_again_changes_nothing_and_the_other_one_is_refused():
    waiting = _STATES[S.REVIEW_REQUIRED]()
    approved = life.approve(waiting, _PROGRAMME, actor(), capped=False).after
    assert life.approve(approved, _PROGRAMME, actor(), capped=False) is None
    assert life.approve(_grant(approved), _PROGRAMME, actor(), capped=False) is None
    with pytest.raises(StateConflict):
        life.reject(approved, actor())
    rejected = life.reject(waiting, actor()).after
    with pytest.raises(StateConflict):
        life.approve(rejected, _PROGRAMME, actor(), capped=False)


@given(st.timedeltas(timedelta(days=-40), timedelta(days=40)))
def test_a_window_is_over_only_by_more_than_clocks_may_differ(offset):
    one = attribution()
    change = life.expire(one, one.expires_at + offset, actor())
    assert (change is not None) is (offset >= CLOCK_SKEW)


@pytest.mark.parametrize("status", [s for s in Status if s is not S.ATTRIBUTED])
def test_only_what_waits_for_a_payment_expires(status):
    assert life.expire(_STATES[status](), _OVER + timedelta(days=99), actor()) is None


def test_a_payment_made_in_time_but_heard_of_late_still_counts():
    assert _pay(_expired()).status is S.QUALIFIED
