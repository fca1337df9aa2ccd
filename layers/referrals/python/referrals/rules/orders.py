"""Orders: what is to be done outside for a reward, what came of it, and how it is booked."""

from dataclasses import replace
from datetime import datetime, timedelta

from referrals.rules.attribution import Actor, Attribution, Change, LedgerEntry, Reward, Status
from referrals.rules.life import release
from referrals.rules.outside import Done, Money, Order, Undone
from referrals.rules.rewards import (
    REINSTATEMENT,
    REVERSAL,
    booking_keys,
    claim_key,
    claimed,
    fail_grant,
    settled,
)

GRANT = "grant"
# How often it is looked whether a user is a customer by now.
_UNLINKED_WAIT = timedelta(hours=1)


def due(
    attribution: Attribution, now: datetime, *, ignore_backoff: bool = False
) -> tuple[Reward, ...]:
    """The rewards for which the outside is to do something now."""
    held = attribution.held_until is not None and now < attribution.held_until
    return tuple(
        one
        for one in attribution.unsettled_rewards
        if one.backend
        and (one.order or not one.pending or not held)
        and (ignore_backoff or one.next_attempt_at is None or one.next_attempt_at <= now)
    )


def is_late(attribution: Attribution) -> bool:
    """Whether a grant is owed that waits for no customer: nobody but us keeps it waiting."""
    return any(not reward.unlinked for reward in attribution.pending_rewards)


def under(attribution: Attribution, backend: str | None) -> Attribution:
    """What is owed and not ordered is granted where credits go today."""
    for reward in attribution.pending_rewards:
        if reward.order is None and reward.backend != backend:
            attribution = attribution.with_reward(replace(reward, backend=backend, unlinked=False))
    return attribution


def noticed(change: Change, at: datetime) -> Change:
    """The same, and recovery is told of each claim on credits that are outside, or of its end."""
    after = change.after
    for reward in after.granted_rewards:
        if reward.backend and reward.order is None:
            wanted = claimed(after, reward) != 0
            if wanted is not (reward.next_attempt_at is not None):
                told = replace(reward, attempts=0, credits_grant_error=None)
                told = replace(told, next_attempt_at=at if wanted else None)
                after = after.with_reward(told)
    return replace(change, after=after)


def key(reward: Reward) -> str:
    """The key under which the reward's order is booked, and at most one effect made outside."""
    kind = reward.order.kind if reward.order else GRANT
    if kind == GRANT:
        return reward.credits_grant_key
    return claim_key(kind, reward, reward.reversals + 1)


def keys_of(reward: Reward) -> set[str]:
    """Every key under which something may have been done for the reward, or is under way."""
    return {*booking_keys(reward), key(reward)}


def worth(reward: Reward, credits: int) -> int | None:
    """What so many of the reward's credits are worth outside; fractions are never granted."""
    if reward.amount is None or not reward.credits:
        return reward.amount
    return reward.amount * credits // reward.credits


def takeable(reward: Reward, credits: int, left: int) -> int:
    """How many of the credits may be taken where so much of their worth is left."""
    whole = reward.credits - reward.reversed_credits
    if reward.amount is None or not reward.amount:
        return credits
    remaining = max((worth(reward, whole) or 0) - max(left, 0), 0)
    return min(credits, max(whole + -remaining * reward.credits // reward.amount, 0))


def for_grant(reward: Reward, customer: str | None, price: Money, at: datetime) -> Order:
    """The order that grants a reward."""
    return Order(
        kind=GRANT,
        credits=reward.credits,
        since=at,
        amount=price.amount,
        currency=price.currency,
        customer=customer,
    )


def for_claim(
    attribution: Attribution, reward: Reward, customer: str | None, left: int | None, at: datetime
) -> Order:
    """The order that brings a granted reward in line with the claims on its payment.

    `left` is what is left of its worth outside, as far as that must be known beforehand. A claim
    that was withdrawn forgives the shortfall first, and gives back what was taken.
    """
    missing = claimed(attribution, reward)
    if missing > 0:
        taken = missing if left is None else takeable(reward, missing, left)
        kind, credits, shortfall = REVERSAL, -taken, missing - taken
    else:
        shortfall = -min(reward.shortfall, -missing)
        kind, credits = REINSTATEMENT, -missing + shortfall
    return Order(
        kind=kind,
        credits=credits,
        shortfall=shortfall,
        since=at,
        amount=moved(reward, credits),
        currency=reward.currency,
        customer=customer,
    )


def moved(reward: Reward, credits: int) -> int | None:
    """The worth of credits that are added, as all that were and will be granted differ by it."""
    before = reward.credits - reward.reversed_credits
    now, then = worth(reward, before), worth(reward, before + credits)
    return None if now is None or then is None else abs(then - now)


def moves_nothing(order: Order) -> bool:
    """Whether there is nothing to ask the outside for: it is only booked."""
    return order.credits == 0 or order.amount == 0


def idempotency_key(reward: Reward) -> str:
    """What the outside knows a request by: another one once the order names another customer."""
    return key(reward) + (f"#{len(reward.gone) + 1}" if reward.gone else "")


def repriced(reward: Reward, price: Money) -> Order | None:
    """A grant that was refused, at today's price; None where that is no other.

    The key stays, so that the one as it was and the one as it is now are not both done.
    """
    order = reward.order
    if order is None or order.kind != GRANT or not order.refused or order.price == price:
        return None
    return replace(order, amount=price.amount, currency=price.currency, refused=False)


def write(attribution: Attribution, reward: Reward, order: Order) -> Change:
    """The order is written down, before the outside is asked."""
    ordered = replace(reward, order=order, unlinked=False)
    return Change(before=attribution, after=attribution.with_reward(ordered))


def book(
    attribution: Attribution, reward: Reward, order: Order, done: Done, actor: Actor
) -> Change:
    """What the order came to is booked, and the next is due if claims have changed since."""
    if order.kind == GRANT:
        booked, entry = _granted(reward, order, done, actor.at)
    else:
        booked, entry = _claimed(reward, order, done, actor.at)
    booked = replace(
        booked,
        order=None,
        attempts=0,
        credits_grant_error=None,
        next_attempt_at=None,
        customer=order.customer or reward.customer,
        outside_id=None if done.empty else done.id or reward.outside_id,
    )
    after = attribution.with_reward(booked)
    change = Change(before=attribution, after=after, ledger=(entry,))
    return noticed(change.then(settled(after, actor) if order.kind == GRANT else None), actor.at)


def _granted(reward: Reward, order: Order, done: Done, at: datetime) -> tuple[Reward, LedgerEntry]:
    price = done.price or order.price
    granted = replace(reward, credits_granted_at=at, amount=price.amount, currency=price.currency)
    return granted, _entry(reward, reward.credits_grant_key, order, done, at)


def _claimed(reward: Reward, order: Order, done: Done, at: datetime) -> tuple[Reward, LedgerEntry]:
    number = reward.reversals + 1
    entry = _entry(reward, claim_key(order.kind, reward, number), order, done, at)
    changed = replace(
        reward,
        reversals=number,
        reversed_credits=reward.reversed_credits - entry.credits,
        shortfall=reward.shortfall + entry.shortfall,
    )
    return changed, entry


def _entry(reward: Reward, key: str, order: Order, done: Done, at: datetime) -> LedgerEntry:
    return LedgerEntry(
        key=key,
        user_id=reward.user_id,
        credits=done.credits,
        kind=order.kind,
        attribution_id=reward.attribution_id,
        at=at,
        shortfall=order.shortfall + done.credits - order.credits,
        backend=reward.backend,
        outside_id=done.id,
    )


def put_off(attribution: Attribution, reward: Reward, undone: Undone, actor: Actor) -> Change:
    """A failed try: the order stands, and the next try waits twice as long, up to six hours.

    It waits longer where the outside asked for that.
    """
    if reward.order and (undone.doubtful or undone.refused):
        order = replace(reward.order, doubtful=True, refused=undone.refused)
        reward = replace(reward, order=order)
    failed = fail_grant(attribution.with_reward(reward), reward, undone.message, actor)
    after, asked = failed.after, actor.at + undone.wait
    (waits,) = (one for one in after.rewards if one.id == reward.id)
    if waits.next_attempt_at is None or waits.next_attempt_at < asked:
        after = after.with_reward(replace(waits, next_attempt_at=asked))
    return replace(failed, before=attribution, after=after)


def withdraw(attribution: Attribution, reward: Reward, actor: Actor) -> Change:
    """The order's customer was deleted: it is ordered anew, elsewhere if anywhere.

    Where the attribution was rejected meanwhile, the reward lapses, as all that was not ordered.
    """
    gone = (*reward.gone, reward.order.customer) if reward.order and reward.order.customer else ()
    freed = replace(reward, order=None, gone=gone or reward.gone, next_attempt_at=actor.at)
    after = attribution.with_reward(freed)
    if attribution.status is not Status.REJECTED or not reward.pending:
        return noticed(Change(before=attribution, after=after), actor.at)
    after = replace(after, rewards=tuple(one for one in after.rewards if one.id != reward.id))
    slot = release(after)
    after = replace(after, cap_month=None) if slot else after
    return Change(before=attribution, after=after, cap=slot)


def wait_for_customer(attribution: Attribution, reward: Reward, why: str, actor: Actor) -> Change:
    """No failure: it is looked again after a while."""
    later = actor.at + _UNLINKED_WAIT
    waiting = replace(reward, unlinked=True, credits_grant_error=why, next_attempt_at=later)
    return Change(before=attribution, after=attribution.with_reward(waiting))
