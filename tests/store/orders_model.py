"""What the design says of a referral, given what was told of it so far. It reads no code.

A tale is a set of facts that may come in any order: claims on the payments of one invoice, and
which fact says that a payment is the invoice's. Before that is told, a claim changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil

PAID, PART, CREDITS = 2900, 725, 10_000
FIRST = 1000


@dataclass(frozen=True)
class Claim:
    """What a fact claims of a payment, until another fact ends it."""

    amount: int = PAID
    payment: int = 1
    ended_by: str = ""


@dataclass(frozen=True, eq=False)
class Tale:
    """Facts that belong together, and what they mean.

    `payments` holds the amount of each payment of the invoice, and the fact that places it.
    Of refunds of one payment the largest counts: their amounts are what was refunded in all.
    """

    facts: tuple[str, ...]
    payments: Mapping[int, tuple[int, str]] = field(default_factory=lambda: {1: (PAID, "paid")})
    refunds: Mapping[str, Claim] = field(default_factory=dict)
    disputes: Mapping[str, Claim] = field(default_factory=dict)
    # Whether it is worth telling with and without a hold, of the suspicious and of others.
    in_every_way: bool = False

    @property
    def claims(self) -> bool:
        return bool(self.refunds or self.disputes)


_REFUNDS = {"partial refund": Claim(PART), "full refund": Claim()}
TALES = {
    "refunded and disputed": Tale(
        ("link", "paid", "paid under another id", "partial refund", "full refund", "dispute"),
        refunds=_REFUNDS,
        disputes={"dispute": Claim()},
        in_every_way=True,
    ),
    "dispute won": Tale(
        ("link", "paid", "dispute", "dispute won"),
        disputes={"dispute": Claim(ended_by="dispute won")},
        in_every_way=True,
    ),
    "disputed in part": Tale(
        ("link", "paid", "part disputed", "part won", "partial refund", "rest disputed"),
        refunds=_REFUNDS,
        disputes={
            "part disputed": Claim(PART, ended_by="part won"),
            "rest disputed": Claim(PAID - PART),
        },
    ),
    "refund fails": Tale(
        ("link", "paid", "refund", "charge refunded", "refund failed"),
        refunds={
            "refund": Claim(ended_by="refund failed"),
            "charge refunded": Claim(ended_by="refund failed"),
        },
    ),
    "two payments": Tale(
        ("link", "paid", "second payment", "first refunded", "second refunded"),
        payments={1: (FIRST, "paid"), 2: (PAID - FIRST, "second payment")},
        refunds={
            "first refunded": Claim(FIRST),
            "second refunded": Claim(PAID - FIRST, payment=2),
        },
    ),
    "beside a charge": Tale(
        ("link", "paid", "first payment", "one-off refunded", "one-off disputed", "full refund"),
        payments={1: (PAID, "first payment")},
        refunds=_REFUNDS | {"one-off refunded": Claim(payment=0)},
        disputes={"one-off disputed": Claim(payment=0)},
    ),
    "warned": Tale(
        ("link", "paid", "warned", "warning lifted", "partial refund"),
        refunds={"partial refund": Claim(PART)},
        in_every_way=True,
    ),
}


@dataclass(frozen=True)
class Told:
    """The facts so far, and what people decided."""

    tale: Tale
    suspicious: bool
    held: bool
    facts: frozenset[str] = frozenset()
    decision: str | None = None
    granted: bool = False

    @property
    def paid(self) -> bool:
        return bool({"paid", "paid under another id"} & self.facts)

    @property
    def refunded(self) -> int:
        """What was refunded of the invoice and is not in dispute as well."""
        return sum(
            min(
                max((one.amount for one in self._standing(self.tale.refunds, payment)), default=0),
                amount - self._disputed(payment, amount),
            )
            for payment, amount in self._known
        )

    @property
    def disputed(self) -> int:
        return sum(self._disputed(payment, amount) for payment, amount in self._known)

    @property
    def claimed(self) -> int:
        return self.refunded + self.disputed

    @property
    def warned(self) -> bool:
        return "warned" in self.facts and "warning lifted" not in self.facts

    @property
    def status(self) -> str:
        if not ("link" in self.facts and self.paid):
            return "attributed"
        if self.decision == "reject" or self.claimed == PAID:
            return "rejected"
        doubted = self.suspicious or (self.warned and not self.granted)
        if doubted and self.decision != "approve":
            return "review_required"
        return "rewarded" if self.granted else "qualified"

    @property
    def skip_reason(self) -> str | None:
        if self.status != "rejected" or self.decision == "reject":
            return None
        return "disputed" if self.disputed else "refunded"

    @property
    def net_credits(self) -> int:
        """What each side is left with."""
        if not self.granted or self.status == "rejected":
            return 0
        return CREDITS - ceil(CREDITS * self.claimed / PAID)

    @property
    def flags(self) -> set[str] | None:
        """What the payment is flagged with; None where a person's no came before or after alike."""
        if self.status == "attributed":
            return set()
        if self.status == "rejected":
            return None
        flags = {"early_fraud_warning"} if self.warned else set()
        flags |= {"partially_refunded"} if self.refunded else set()
        return flags | ({"partially_disputed"} if self.disputed else set())

    def after(self, event: str) -> tuple["Told", bool]:
        """What is known after an event, and whether a person's decision was refused."""
        match event:
            case "recover":
                known = replace(self, granted=self.granted or self.status == "qualified")
            case "approve" | "reject":
                return self._decided(event)
            case _:
                known = replace(self, facts=self.facts | {event})
        return known._granted_at_once(), False

    @property
    def _known(self) -> Iterable[tuple[int, int]]:
        """The payments that are known to be the invoice's."""
        for payment, (amount, places) in self.tale.payments.items():
            if places in self.facts or (places == "paid" and self.paid):
                yield payment, amount

    def _disputed(self, payment: int, amount: int) -> int:
        return min(sum(one.amount for one in self._standing(self.tale.disputes, payment)), amount)

    def _standing(self, claims: Mapping[str, Claim], payment: int) -> list[Claim]:
        return [
            claim
            for fact, claim in claims.items()
            if fact in self.facts and claim.payment == payment and claim.ended_by not in self.facts
        ]

    def _decided(self, decision: str) -> tuple["Told", bool]:
        if self.status == "review_required":
            return replace(self, decision=decision)._granted_at_once(), False
        if decision == "reject" and self.status == "rejected":
            return replace(self, decision=decision), False
        if decision == "reject":
            return self, True
        return self, self.decision != "approve" or self.status == "rejected"

    def _granted_at_once(self) -> "Told":
        """Without a hold a qualification is granted as it is made."""
        return replace(self, granted=self.granted or (self.status == "qualified" and not self.held))
