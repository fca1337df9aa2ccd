"""What a user is told of a referral: why it is where it is, and when it pays."""

from datetime import datetime

from referrals.rules.attribution import (
    DISPUTED_REASON,
    REFUNDED_REASON,
    Attribution,
    Reward,
    Role,
    Status,
)

_REASONS = {
    Status.ATTRIBUTED: "waiting for the first payment",
    # What raised suspicion is for support staff alone.
    Status.REVIEW_REQUIRED: "being reviewed",
    Status.EXPIRED: "no payment was made in time",
    Status.REWARDED: "the credits were granted",
    Status.FAILED: "the credits are on their way",
}
_REJECTIONS = {
    REFUNDED_REASON: "the payment was refunded",
    DISPUTED_REASON: "the payment was disputed",
}


def reason(attribution: Attribution, role: Role) -> str:
    """One short sentence for the user on this side."""
    if attribution.status is Status.REJECTED:
        return _REJECTIONS.get(attribution.skip_reason or "", "not eligible")
    if attribution.status is Status.CAPPED and role is Role.REFERRER:
        return "the month's limit of rewarded referrals was reached"
    if attribution.status in (Status.QUALIFIED, Status.CAPPED):
        own = reward_of(attribution, role)
        if own and not own.pending:
            return "the credits were granted"
        return (
            "waiting for the end of the hold" if attribution.held_until else _REASONS[Status.FAILED]
        )
    return _REASONS[attribution.status]


def pays_at(attribution: Attribution, role: Role) -> datetime | None:
    """When the credits of this side come, where that is known and still ahead."""
    own = reward_of(attribution, role)
    if own is None or own not in attribution.pending_rewards:
        return None
    return attribution.held_until or own.next_attempt_at


def reward_of(attribution: Attribution, role: Role) -> Reward | None:
    """This side's reward, where there is one."""
    return next((reward for reward in attribution.rewards if reward.role is role), None)
