"""Credits that are kept outside: ordered in writing, then done there, then booked.

Whoever finds an order carries it out under the order's own key, however often that was begun
before: a run that died is finished by the next, and one that was held up does nothing twice.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import Protocol

from referrals.acts.granting import TRIES, Outcome, commit_or_read
from referrals.dynamodb.parts import Busy
from referrals.dynamodb.table import Table
from referrals.rules import orders, rewards
from referrals.rules.attribution import Actor, Attribution, Change, Reward, Role
from referrals.rules.ids import TOMBSTONE_FORM
from referrals.rules.outside import CustomerGone, Done, Money, Order, Undone, Unlinked
from referrals.rules.programme import Programme
from referrals.store import profiles

log = logging.getLogger(__name__)

# After so many failures in a row the outside is down, and the rest waits for the next run.
_ENOUGH = 3


class Backend(Protocol):
    """Where credits are kept, if not in the ledger. What it cannot do it raises Undone for."""

    name: str
    # Whether credits belong to a Stripe customer there.
    of_customers: bool

    def price(self, credits: int) -> Money:
        """What so many credits are worth there."""

    def left(self, reward: Reward) -> int | None:
        """How much can be taken back of a reward's worth; None where taking it tells."""

    def carry_out(self, reward: Reward, *, look_first: bool) -> Done:
        """Do what the reward's order says, once per key, or find it done. CustomerGone."""


@dataclass
class Outside:
    """The backend in use, and whether it seems to be up: for one run."""

    backend: Backend
    _failures: int = field(default=0, repr=False)

    @property
    def down(self) -> bool:
        """Whether it is not worth a try."""
        return self._failures >= _ENOUGH

    def note(self, undone: Undone | None = None) -> None:
        """What a try told of it: that it is up, or that it is down or asks to be left alone."""
        if undone is None or not undone.down:
            self._failures = 0
        else:
            self._failures += _ENOUGH if undone.wait else 1


def order_due(
    table: Table,
    attribution: Attribution,
    outside: Outside | None,
    programme: Programme,
    actor: Actor,
    *,
    ignore_backoff: bool = False,
    at_most: int = 2,
) -> Outcome:
    """Do outside what is due there, as long as it is up and there is time."""
    changes, errors, failed = list[Change](), list[str](), set[str]()
    for _ in range(TRIES):
        due = orders.due(attribution, actor.at, ignore_backoff=ignore_backoff)
        due = tuple(one for one in due if one.id not in failed)
        stopped = (outside and outside.down) or not table.in_time
        if not due or stopped or len(errors) + _granted(changes) >= at_most:
            return Outcome(attribution, tuple(changes), tuple(errors))
        reward = due[0]
        try:
            change = _step(table, attribution, reward, outside, actor)
        except Undone as undone:
            failed.add(reward.id)
            errors.append(f"{reward.id}: {undone.message}")
            change = orders.put_off(attribution, reward, undone, actor)
        except Unlinked as unlinked:
            failed.add(reward.id)
            errors.append(f"{reward.id}: {unlinked}")
            change = orders.wait_for_customer(attribution, reward, str(unlinked), actor)
        attribution, committed = commit_or_read(table, change, programme)
        attribution = orders.under(attribution, programme.credits_backend)
        changes += [change] if committed else []
    raise Busy(f"{attribution.id}: others kept changing it")


def _granted(changes: list[Change]) -> int:
    return sum(entry.kind == orders.GRANT for change in changes for entry in change.ledger)


def _step(
    table: Table,
    attribution: Attribution,
    reward: Reward,
    outside: Outside | None,
    actor: Actor,
) -> Change:
    """The next step for a reward: its order in writing, or what the order came to."""
    if outside is None or outside.backend.name != reward.backend:
        raise Undone(f"the credits go to {reward.backend}, which is not CreditsBackend now")
    try:
        if reward.order is None:
            return _ordered(table, attribution, reward, outside.backend, actor)
        price = outside.backend.price(reward.credits)
        if again := orders.repriced(reward, price):
            return orders.write(attribution, reward, again)
        done = outside.backend.carry_out(reward, look_first=reward.order.must_look(actor.at))
    except CustomerGone:
        return orders.withdraw(attribution, reward, actor)
    except Undone as undone:
        outside.note(undone)
        raise
    outside.note()
    return orders.book(attribution, reward, reward.order, done, actor)


def _ordered(
    table: Table, attribution: Attribution, reward: Reward, backend: Backend, actor: Actor
) -> Change:
    if reward.pending:
        customer = _customer(table, attribution, reward) if backend.of_customers else None
        if customer is None and TOMBSTONE_FORM.fullmatch(reward.user_id):
            # Nobody outside is called so. The ledger keeps what was owed to the erased.
            kept = replace(reward, backend=None)
            change = rewards.grant(attribution.with_reward(kept), [kept], actor)
            return replace(change, before=attribution)
        if customer is None and backend.of_customers:
            raise Unlinked("the user has no Stripe customer yet")
        order = orders.for_grant(reward, customer, backend.price(reward.credits), actor.at)
    else:
        order = _for_claim(table, attribution, reward, backend, actor)
    if orders.moves_nothing(order):
        return orders.book(attribution, reward, order, Done(None, order.credits), actor)
    return orders.write(attribution, reward, order)


def _for_claim(
    table: Table, attribution: Attribution, reward: Reward, backend: Backend, actor: Actor
) -> Order:
    customer, deleted = reward.customer, reward.customer in reward.gone
    if rewards.claimed(attribution, reward) > 0:
        left = 0 if deleted else backend.left(reward)
        return orders.for_claim(attribution, reward, customer, left, actor.at)
    if deleted:
        customer = _customer(table, attribution, reward)
        if customer is None:
            raise Unlinked("the Stripe customer was deleted, and the user has no other")
    return orders.for_claim(attribution, reward, customer, None, actor.at)


def _customer(table: Table, attribution: Attribution, reward: Reward) -> str | None:
    """Whom the credits are for: the customer that paid, or the first by name that stands."""
    paid = attribution.stripe_customer_id if reward.role is Role.REFERRED else None
    known = profiles.get(table, reward.user_id).customers
    standing = sorted(({*known, paid} - {None}) - set(reward.gone), key=lambda one: one != paid)
    return standing[0] if standing else None
