"""What the design says of a referral, given what was told of it so far. It reads no code."""

from dataclasses import dataclass, replace
from math import ceil

PAID, PART, CREDITS = 2900, 725, 10_000


@dataclass(frozen=True)
class Told:
    """The facts so far, and what people decided."""

    suspicious: bool
    held: bool
    linked: bool = False
    paid: bool = False
    refunded: int = 0
    dispute_opened: bool = False
    dispute_won: bool = False
    decision: str | None = None
    granted: bool = False

    @property
    def disputed(self) -> bool:
        return self.dispute_opened and not self.dispute_won

    @property
    def status(self) -> str:
        if not (self.linked and self.paid):
            return "attributed"
        if self.decision == "reject" or self.disputed or self.refunded == PAID:
            return "rejected"
        if self.suspicious and self.decision != "approve":
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
        return CREDITS - ceil(CREDITS * self.refunded / PAID)

    @property
    def partly_refunded(self) -> bool | None:
        """Whether the flag is up; None where a person's no came before or after it alike."""
        if self.status == "attributed":
            return False
        return None if self.status == "rejected" else self.refunded == PART

    def after(self, event: str) -> tuple["Told", bool]:
        """What is known after an event, and whether a person's decision was refused."""
        match event:
            case "link":
                known = replace(self, linked=True)
            case "paid" | "paid under another id":
                known = replace(self, paid=True)
            case "partial refund":
                known = replace(self, refunded=max(self.refunded, PART))
            case "full refund":
                known = replace(self, refunded=PAID)
            case "dispute":
                known = replace(self, dispute_opened=True)
            case "dispute won":
                known = replace(self, dispute_won=True)
            case "recover":
                known = replace(self, granted=self.granted or self.status == "qualified")
            case "approve" | "reject":
                return self._decided(event)
        return known._granted_at_once(), False

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
