"""Credits kept outside: what is ordered there, what came of an order, and why nothing did."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

# Stripe forgets an idempotency key after about 24 hours. Clocks differ by minutes, and a request
# may be on its way for minutes.
_KEY_IS_SURE = timedelta(hours=20)

_SECRETS = re.compile(r"\b(sk|rk|pk|whsec)_\w[\w*+/=]*|\S+@\S+")
_LONGEST = 200


def words(told: str, *secrets: str) -> str:
    """An outside's own words, as far as staff may read them: short, and without secrets."""
    for secret in secrets:
        told = told.replace(secret, "…")
    return " ".join(_SECRETS.sub("…", told).split())[:_LONGEST]


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in a currency's minor units; None where the outside counts in credits."""

    amount: int | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the outside is asked for one reward, written before it is asked.

    `credits` is signed: below zero they are taken. `amount` is their worth in the currency's
    minor units, never below zero. `shortfall` is what a claim asks for beyond the credits, or
    forgives. `customer` is the Stripe customer, where there is one to be asked for. `doubtful`
    says that the outside failed in a way that leaves open whether it did something, `refused`
    that it will not do it as it is.
    """

    kind: str
    credits: int
    since: datetime
    shortfall: int = 0
    amount: int | None = None
    currency: str | None = None
    customer: str | None = None
    doubtful: bool = False
    refused: bool = False

    @property
    def price(self) -> Money:
        """What it is worth."""
        return Money(amount=self.amount, currency=self.currency)

    def must_look(self, now: datetime) -> bool:
        """Whether the key alone no longer keeps it from being done twice."""
        return self.doubtful or now - self.since > _KEY_IS_SURE


@dataclass(frozen=True)
class Done:
    """What the outside did: its id for it, and the credits that were moved, signed.

    `price` is what they are worth, where that may not be what was ordered; `empty` says that
    nothing is left there to be taken later.
    """

    id: str | None
    credits: int
    price: Money | None = None
    empty: bool = False


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing that was done for a booking, as the outside has it.

    `worth` is what of it stands or was used, below zero where it took something; `lapsed` is what
    came to its end unused.
    """

    key: str
    id: str
    attribution_id: str
    worth: int
    lapsed: int = 0


class Undone(Exception):
    """The outside did not say that it did it; the text is for staff, without secrets.

    `doubtful`: perhaps it did. `refused`: not as it was asked. `down`: others have little hope.
    `wait`: for how long it asked to be left alone.
    """

    def __init__(
        self,
        message: str,
        *,
        doubtful: bool = False,
        refused: bool = False,
        down: bool = False,
        wait: timedelta = timedelta(),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.doubtful = doubtful
        self.refused = refused
        self.down = down
        self.wait = wait


class CustomerGone(Exception):
    """The order's customer was deleted for good: nothing sent there has an effect any more."""


class Unlinked(Exception):
    """The user is no customer yet, as far as is known: the order waits until they are."""
