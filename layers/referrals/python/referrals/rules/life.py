"""The life of an attribution: which act the facts call for. The one place that decides."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referrals.rules.attribution import (
    CAPPED_REASON,
    CLAIM_REASONS,
    DISPUTED_REASON,
    REFUNDED_REASON,
    Actor,
    Attribution,
    CapUse,
    Change,
    Status,
    move,
)
from referrals.rules.errors import StateConflict
from referrals.rules.programme import Programme
from referrals.rules.rewards import PARTLY_DISPUTED_FLAG, PARTLY_REFUNDED_FLAG, owed_rewards
from referrals.rules.times import CLOCK_SKEW, month_of

if TYPE_CHECKING:
    # Whoever reviews and recovers reads no facts of Stripe's, and need not load them.
    from referrals.rules.payment import Payment

WARNING_FLAG = "early_fraud_warning"
_CLAIM_FLAGS = CLAIM_REASONS | {PARTLY_REFUNDED_FLAG, PARTLY_DISPUTED_FLAG, WARNING_FLAG}
_WAITING = frozenset({Status.ATTRIBUTED, Status.EXPIRED})
# Where credits are owed, and nothing may have been granted yet.
_OWING = frozenset({Status.QUALIFIED, Status.CAPPED, Status.FAILED})


def awaits_payment(attribution: Attribution) -> bool:
    """Whether a first payment would still move it."""
    return attribution.status in _WAITING


def held_by_warning(attribution: Attribution) -> bool:
    """Whether an early fraud warning, and nothing else, keeps it in review."""
    return (
        attribution.status is Status.REVIEW_REQUIRED
        and not attribution.reviewed
        and not _lasting_flags(attribution)
    )


def meet_payment(
    attribution: Attribution,
    payment: "Payment",
    flags: tuple[str, ...],
    programme: Programme,
    actor: Actor,
    *,
    capped: bool = False,
) -> Change | None:
    """The act that a first payment and its claims call for; None where all is as it should be.

    `flags` are the risk flags found now; `capped` says that the referrer's month is full.
    The order in which payment, refund and dispute were heard of makes no difference.
    """
    if payment.warned and not attribution.committed_rewards:
        flags = (*flags, WARNING_FLAG)
    if attribution.status in _WAITING:
        return _first_payment(attribution, payment, flags, programme, actor, capped=capped)
    known = _by_payment(attribution, payment, programme)
    if attribution.status is Status.REJECTED:
        return _rejected_already(
            attribution, known, payment, flags, programme, actor, capped=capped
        )
    if payment.claimed_whole and _may_reject(attribution, programme):
        return _reject_for_claim(attribution, known, payment, actor)
    if held_by_warning(attribution):
        return _review_on(attribution, known, flags, programme, actor, capped=capped)
    held = attribution.status in _OWING and not attribution.committed_rewards
    if held and flags and not attribution.reviewed:
        return _send_to_review(attribution, known, flags, actor)
    return _unless_same(attribution, known.with_flags(*flags) if flags else known)


def _first_payment(
    attribution: Attribution,
    payment: "Payment",
    flags: tuple[str, ...],
    programme: Programme,
    actor: Actor,
    *,
    capped: bool,
) -> Change:
    known = replace(
        _by_payment(attribution, payment, programme).with_flags(*flags),
        qualified_at=attribution.qualified_at or actor.at,
    )
    if payment.claimed_whole:
        return _reject_for_claim(attribution, known, payment, actor)
    if flags:
        return _send_to_review(attribution, known, flags, actor)
    return _qualify(attribution, known, programme, actor, capped=capped)


def _rejected_already(
    attribution: Attribution,
    known: Attribution,
    payment: "Payment",
    flags: tuple[str, ...],
    programme: Programme,
    actor: Actor,
    *,
    capped: bool,
) -> Change | None:
    """A claim that rejected it may change its reason or be withdrawn; a person's no stays."""
    if not _by_claim(attribution):
        return None
    if payment.claimed_whole:
        return _unless_same(attribution, replace(known, skip_reason=_claim_reason(payment)))
    return _resume(attribution, known, flags, programme, actor, capped=capped)


def _review_on(
    attribution: Attribution,
    known: Attribution,
    flags: tuple[str, ...],
    programme: Programme,
    actor: Actor,
    *,
    capped: bool,
) -> Change | None:
    """A fraud warning alone holds it: once that is lifted, it goes on where it would be without."""
    if flags:
        return _unless_same(attribution, replace(known.with_flags(*flags), review_reason=flags[0]))
    actor = replace(actor, why="fraud warning lifted")
    return _qualify(attribution, known, programme, actor, capped=capped)


def _resume(
    attribution: Attribution,
    known: Attribution,
    flags: tuple[str, ...],
    programme: Programme,
    actor: Actor,
    *,
    capped: bool,
) -> Change:
    """The claim that rejected it was withdrawn: go on where it would be without."""
    actor = replace(actor, why="claim withdrawn")
    known = replace(known, skip_reason=None)
    if not attribution.committed_rewards:
        if flags and not attribution.reviewed:
            return _send_to_review(attribution, known, flags, actor)
        return _qualify(attribution, known, programme, actor, capped=capped)
    sides = {reward.role for reward in attribution.committed_rewards}
    was_capped = attribution.cap_month is None
    owed = owed_rewards(known, programme, actor.at, capped=was_capped)
    known = replace(
        known,
        rewards=known.committed_rewards
        + tuple(reward for reward in owed if reward.role not in sides),
        skip_reason=CAPPED_REASON if was_capped else None,
    )
    if was_capped:
        return _moved(attribution, known, Status.CAPPED, actor)
    owing = any(reward.pending for reward in known.rewards)
    status = Status.QUALIFIED if owing else Status.REWARDED
    return _moved(attribution, known, status, actor)


def _qualify(
    attribution: Attribution,
    known: Attribution,
    programme: Programme,
    actor: Actor,
    *,
    capped: bool,
) -> Change:
    held = replace(
        known,
        rewards=owed_rewards(known, programme, actor.at, capped=capped),
        # A clock that is fast must not end the hold early.
        held_until=actor.at + programme.hold + CLOCK_SKEW if programme.hold_days else None,
    )
    if capped:
        held = replace(held, skip_reason=CAPPED_REASON)
        return _moved(attribution, held, Status.CAPPED, actor)
    month = month_of(actor.at)
    change = _moved(attribution, replace(held, cap_month=month), Status.QUALIFIED, actor)
    return replace(change, cap=CapUse(user_id=attribution.referrer_user_id, month=month, slots=1))


def _send_to_review(
    attribution: Attribution, known: Attribution, flags: tuple[str, ...], actor: Actor
) -> Change:
    known = replace(
        known.with_flags(*flags),
        review_reason=flags[0],
        rewards=(),
        held_until=None,
        skip_reason=None,
        error=None,
    )
    released = release(attribution)
    change = _moved(
        attribution,
        replace(known, cap_month=None),
        Status.REVIEW_REQUIRED,
        replace(actor, why=f"{actor.why}; risk: {', '.join(flags)}"),
    )
    return replace(change, cap=released)


def _reject_for_claim(
    attribution: Attribution, known: Attribution, payment: "Payment", actor: Actor
) -> Change:
    """Nothing of the payment is left: owed rewards lapse, granted ones are reversed elsewhere."""
    reason = _claim_reason(payment)
    granted = known.committed_rewards
    rejected = replace(
        known,
        skip_reason=reason,
        rewards=granted,
        held_until=None,
        cap_month=attribution.cap_month if granted else None,
    )
    change = _moved(attribution, rejected, Status.REJECTED, replace(actor, why=reason))
    return replace(change, cap=None if granted else release(attribution))


def release(attribution: Attribution) -> CapUse | None:
    """The slot of a qualification that never paid out goes back to the referrer's month."""
    if attribution.cap_month is None or attribution.committed_rewards:
        return None
    return CapUse(user_id=attribution.referrer_user_id, month=attribution.cap_month, slots=-1)


def _by_payment(attribution: Attribution, payment: "Payment", programme: Programme) -> Attribution:
    """The attribution as its first payment and the claims on it would have it."""
    invoice = payment.invoice
    told = (attribution.first_paid_invoice_id, attribution.paid_amount)
    again = told == (invoice.invoice_id, invoice.amount_paid)
    paid = replace(
        attribution,
        first_paid_invoice_id=invoice.invoice_id,
        # The event that told it first stays: that it was told once more changes nothing.
        stripe_event_id=attribution.stripe_event_id if again else invoice.event_id,
        stripe_customer_id=invoice.customer_id,
        paid_amount=invoice.amount_paid,
        rewards=tuple(
            replace(reward, stripe_invoice_id=invoice.invoice_id) for reward in attribution.rewards
        ),
    )
    return _with_claims(paid, payment, programme)


def _with_claims(attribution: Attribution, payment: "Payment", programme: Programme) -> Attribution:
    found = []
    if payment.claimed_whole:
        found.append(_claim_reason(payment))
    else:
        found += [PARTLY_REFUNDED_FLAG] if payment.refunded else []
        found += [PARTLY_DISPUTED_FLAG] if payment.disputed else []
    if payment.warned:
        found.append(WARNING_FLAG)
    flagged = replace(attribution, risk_flags=_lasting_flags(attribution)).with_flags(*found)
    if not programme.reverse_automatically and attribution.committed_rewards:
        return flagged
    return replace(flagged, claimed_amount=payment.claimed)


def _lasting_flags(attribution: Attribution) -> tuple[str, ...]:
    """What the risk rules found: no news of the payment takes it back."""
    return tuple(flag for flag in attribution.risk_flags if flag not in _CLAIM_FLAGS)


def _claim_reason(payment: "Payment") -> str:
    return DISPUTED_REASON if payment.disputed else REFUNDED_REASON


def _by_claim(attribution: Attribution) -> bool:
    return attribution.status is Status.REJECTED and attribution.skip_reason in CLAIM_REASONS


def _may_reject(attribution: Attribution, programme: Programme) -> bool:
    return programme.reverse_automatically or not attribution.committed_rewards


def _moved(attribution: Attribution, known: Attribution, to: Status, actor: Actor) -> Change:
    change = move(attribution, to, actor)
    return replace(change, after=replace(known, status=to))


def _unless_same(attribution: Attribution, known: Attribution) -> Change | None:
    return None if known == attribution else Change(before=attribution, after=known)


def expire(attribution: Attribution, now: datetime, actor: Actor) -> Change | None:
    """The window is over, by more than clocks may differ; None while it is open."""
    if attribution.status is not Status.ATTRIBUTED or now < attribution.expires_at + CLOCK_SKEW:
        return None
    return move(attribution, Status.EXPIRED, actor)


def reject(attribution: Attribution, actor: Actor) -> Change | None:
    """A reviewer says no, also to what a claim has rejected: a dispute won later is no way back.

    None where a reviewer said so already. StateConflict elsewhere.
    """
    if not _by_claim(attribution):
        if attribution.status is Status.REJECTED:
            return None
        _must_wait_for_review(attribution)
    return move(
        attribution,
        Status.REJECTED,
        actor,
        skip_reason=None,
        reviewed_by=actor.name,
        reviewed_at=actor.at,
        review_reason=actor.why or attribution.review_reason,
    )


def approve(
    attribution: Attribution, programme: Programme, actor: Actor, *, capped: bool
) -> Change | None:
    """A reviewer says yes; None where that was said already. StateConflict elsewhere."""
    if attribution.reviewed and attribution.status in (
        Status.QUALIFIED,
        Status.REWARDED,
        Status.CAPPED,
        Status.FAILED,
    ):
        return None
    _must_wait_for_review(attribution)
    known = replace(attribution, reviewed_by=actor.name, reviewed_at=actor.at)
    return _qualify(attribution, known, programme, actor, capped=capped)


def _must_wait_for_review(attribution: Attribution) -> None:
    if attribution.status is not Status.REVIEW_REQUIRED:
        raise StateConflict(
            f"the attribution is {attribution.status}, not waiting for review",
            attribution.status,
        )
