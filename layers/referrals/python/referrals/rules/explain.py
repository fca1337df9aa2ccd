"""What a user is told of a referral: why it is where it is, and when it pays."""

from datetime import datetime
from enum import StrEnum

from referrals.rules.attribution import (
    DISPUTED_REASON,
    REFUNDED_REASON,
    Attribution,
    Reward,
    Role,
    Status,
)


class Reason(StrEnum):
    """Why a referral is where it is, as a word that programs tell apart."""

    WAITING_FOR_PAYMENT = "waiting_for_payment"
    IN_REVIEW = "in_review"
    NOT_PAID_IN_TIME = "not_paid_in_time"
    HELD = "held"
    ON_ITS_WAY = "on_its_way"
    GRANTED = "granted"
    MONTHLY_LIMIT = "monthly_limit"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    NOT_ELIGIBLE = "not_eligible"


_REASONS = {
    Status.ATTRIBUTED: Reason.WAITING_FOR_PAYMENT,
    # What raised suspicion is for support staff alone.
    Status.REVIEW_REQUIRED: Reason.IN_REVIEW,
    Status.EXPIRED: Reason.NOT_PAID_IN_TIME,
    Status.REWARDED: Reason.GRANTED,
    Status.FAILED: Reason.ON_ITS_WAY,
}
_REJECTIONS = {REFUNDED_REASON: Reason.REFUNDED, DISPUTED_REASON: Reason.DISPUTED}
SENTENCES = {
    Reason.WAITING_FOR_PAYMENT: "waiting for the first payment",
    Reason.IN_REVIEW: "being reviewed",
    Reason.NOT_PAID_IN_TIME: "no payment was made in time",
    Reason.HELD: "waiting for the end of the hold",
    Reason.ON_ITS_WAY: "the credits are on their way",
    Reason.GRANTED: "the credits were granted",
    Reason.MONTHLY_LIMIT: "the month's limit of rewarded referrals was reached",
    Reason.REFUNDED: "the payment was refunded",
    Reason.DISPUTED: "the payment was disputed",
    Reason.NOT_ELIGIBLE: "not eligible",
}


def reason(attribution: Attribution, role: Role) -> Reason:
    """Why it is so for the user on this side; SENTENCES has it in words."""
    if attribution.status is Status.REJECTED:
        return _REJECTIONS.get(attribution.skip_reason or "", Reason.NOT_ELIGIBLE)
    if attribution.status is Status.CAPPED and role is Role.REFERRER:
        return Reason.MONTHLY_LIMIT
    if attribution.status in (Status.QUALIFIED, Status.CAPPED):
        own = reward_of(attribution, role)
        if own and not own.pending:
            return Reason.GRANTED
        return Reason.HELD if attribution.held_until else Reason.ON_ITS_WAY
    return _REASONS[attribution.status]


def pays_at(attribution: Attribution, role: Role) -> datetime | None:
    """When the credits of this side come, where that is known and still ahead."""
    own = reward_of(attribution, role)
    lapsed = attribution.status is Status.REJECTED
    if own is None or lapsed or own not in attribution.pending_rewards:
        return None
    return attribution.held_until or own.next_attempt_at


def reward_of(attribution: Attribution, role: Role) -> Reward | None:
    """This side's reward, where there is one."""
    return next((reward for reward in attribution.rewards if reward.role is role), None)
