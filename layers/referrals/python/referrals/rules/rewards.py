"""Grants and reversals: what is owed, when it is tried again, how much a refund takes back."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from referrals.rules.attribution import (
    CAPPED_REASON,
    Actor,
    Attribution,
    Change,
    LedgerEntry,
    Reward,
    Role,
    Status,
    move,
)
from referrals.rules.ids import reward_id
from referrals.rules.programme import Programme

# After this many failed tries a reward's attribution is shown as failed; recovery goes on.
ATTEMPTS_UNTIL_FAILED = 8
_FIRST_BACKOFF = timedelta(minutes=1)
_LONGEST_BACKOFF = timedelta(hours=6)

REVERSAL = "reversal"
REINSTATEMENT = "reinstatement"

PARTLY_REFUNDED_FLAG = "partially_refunded"
PARTLY_DISPUTED_FLAG = "partially_disputed"


def owed_rewards(
    attribution: Attribution, programme: Programme, at: datetime, *, capped: bool
) -> tuple[Reward, ...]:
    """The rewards of a qualification: both sides, or the referred user alone over the cap."""
    sides = [(Role.REFERRED, attribution.referred_user_id, programme.referred_credits)]
    if not capped:
        sides.insert(0, (Role.REFERRER, attribution.referrer_user_id, programme.referrer_credits))
    return tuple(
        Reward(
            id=reward_id(attribution.id, role),
            attribution_id=attribution.id,
            role=role,
            user_id=user_id,
            credits=credits,
            created_at=at,
            stripe_invoice_id=attribution.first_paid_invoice_id,
            next_attempt_at=at,
            backend=programme.credits_backend,
        )
        for role, user_id, credits in sides
    )


def due_rewards(
    attribution: Attribution, now: datetime, *, ignore_backoff: bool = False
) -> tuple[Reward, ...]:
    """The rewards that the ledger owes now. A hold is never ignored, a backoff may be."""
    if attribution.held_until and now < attribution.held_until:
        return ()
    return tuple(
        reward
        for reward in attribution.pending_rewards
        if reward.backend is None
        and (ignore_backoff or reward.next_attempt_at is None or reward.next_attempt_at <= now)
    )


def grant(attribution: Attribution, rewards: Iterable[Reward], actor: Actor) -> Change:
    """Book the rewards' credits; once none is pending the attribution is rewarded (or capped).

    What was refunded before the grant is reversed with it: the new credits cover it.
    """
    after = attribution
    ledger: list[LedgerEntry] = []
    for reward in rewards:
        granted = replace(
            reward, credits_granted_at=actor.at, credits_grant_error=None, next_attempt_at=None
        )
        ledger.append(
            LedgerEntry(
                key=reward.credits_grant_key,
                user_id=reward.user_id,
                credits=reward.credits,
                kind="grant",
                attribution_id=attribution.id,
                at=actor.at,
            )
        )
        granted, entry = _toward_claim(attribution, granted, reward.credits, actor.at)
        ledger.extend([entry] if entry else [])
        after = after.with_reward(granted)
    change = Change(before=attribution, after=after, ledger=tuple(ledger))
    return change.then(settled(after, actor))


def settled(attribution: Attribution, actor: Actor) -> Change | None:
    """The end of an attribution none of whose rewards is owed any more; None for another."""
    if attribution.pending_rewards or attribution.status is Status.REJECTED:
        return None
    capped = attribution.skip_reason == CAPPED_REASON
    status = Status.CAPPED if capped else Status.REWARDED
    whole = replace(attribution, rewarded_at=actor.at, error=None, held_until=None)
    if attribution.status is status:
        return Change(before=attribution, after=whole)
    return move(whole, status, actor)


def fail_grant(attribution: Attribution, reward: Reward, message: str, actor: Actor) -> Change:
    """Record a failed try: the next one waits twice as long, up to six hours."""
    attempts = reward.attempts + 1
    backoff = min(_FIRST_BACKOFF * 2 ** min(attempts - 1, 12), _LONGEST_BACKOFF)
    failed = replace(
        reward,
        attempts=attempts,
        credits_grant_error=message,
        next_attempt_at=actor.at + backoff,
    )
    after = attribution.with_reward(failed)
    change = Change(before=attribution, after=after)
    over = attribution.status in (Status.FAILED, Status.REJECTED) or not reward.pending
    if attempts < ATTEMPTS_UNTIL_FAILED or over:
        return change
    return change.then(move(after, Status.FAILED, actor, error=message))


def claim_target(credits: int, claimed: int, paid: int) -> int:
    """The credits that a claim of `claimed` on a payment of `paid` takes back.

    The share is rounded up: a fraction of a credit is never left over-credited.
    """
    if claimed <= 0 or paid <= 0:
        return 0
    return min(credits, -(-credits * claimed // paid))


def reverse(
    attribution: Attribution,
    balances: Mapping[str, int],
    actor: Actor,
    *,
    without: Collection[str] = (),
) -> Change | None:
    """Bring every reward that the ledger granted in line with the claims on its payment.

    None where all are.

    Rewards of the users in `without` are left for another time.

    `balances` are the users' credits left: a reversal takes at most that, the rest is a shortfall.
    """
    after = attribution
    ledger: list[LedgerEntry] = []
    for reward in attribution.granted_rewards:
        if reward.user_id in without or reward.backend:
            continue
        available = balances.get(reward.user_id, 0)
        changed, entry = _toward_claim(attribution, reward, available, actor.at)
        if entry:
            ledger.append(entry)
            after = after.with_reward(changed)
    if not ledger:
        return None
    return Change(before=attribution, after=after, ledger=tuple(ledger))


def claimed(attribution: Attribution, reward: Reward) -> int:
    """The credits that claims ask of a granted reward beyond those taken; below zero, give back."""
    target = claim_target(reward.credits, attribution.claimed_amount, attribution.paid_amount)
    return target - reward.reversed_credits - reward.shortfall


def _toward_claim(
    attribution: Attribution, reward: Reward, available: int, at: datetime
) -> tuple[Reward, LedgerEntry | None]:
    missing = claimed(attribution, reward)
    if missing == 0:
        return reward, None
    if missing > 0:
        kind, booked = REVERSAL, -min(missing, max(available, 0))
        shortfall = missing + booked
    else:
        # A claim was withdrawn: forgive the shortfall first, then give back what was taken.
        shortfall = -min(reward.shortfall, -missing)
        kind, booked = REINSTATEMENT, -missing + shortfall
    number = reward.reversals + 1
    changed = replace(
        reward,
        reversed_credits=reward.reversed_credits - booked,
        shortfall=reward.shortfall + shortfall,
        reversals=number,
    )
    entry = LedgerEntry(
        key=claim_key(kind, reward, number),
        user_id=reward.user_id,
        credits=booked,
        kind=kind,
        attribution_id=attribution.id,
        at=at,
        shortfall=shortfall,
    )
    return changed, entry


def claim_key(kind: str, reward: Reward, number: int) -> str:
    """The key of a reward's reversal or reinstatement; they are numbered together."""
    return f"{kind}:{reward.credits_grant_key}" + ("" if number == 1 else f":{number}")


def booking_keys(reward: Reward) -> list[str]:
    """Every key under which something may have been booked for the reward."""
    numbers = range(1, reward.reversals + 1)
    kinds = (REVERSAL, REINSTATEMENT)
    claims = [claim_key(kind, reward, number) for number in numbers for kind in kinds]
    return [reward.credits_grant_key, *claims]
