"""What a history is: who is there, what they do, under which settings, and what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from referrals.rules.plans import Plan
from tests.simulation.acts import Act, Erase
from tests.simulation.stripe_books import Invoice
from tests.simulation.world import Faults

# Who owns the codes. The first is metered too: grants and use meet on one account.
CODES = {"metered": "AAAAAAAAAAAA", "rival": "BBBBBBBBBBBB"}
CLICKS = {"click_plain": ("metered", None), "click_spring": ("metered", "spring")}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTHS_END = datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC)
AFTER_THE_WINDOW = timedelta(days=31)
AMOUNT = 4900


@dataclass(frozen=True)
class Member:
    """One who may be referred, and the books that Stripe keeps of them."""

    user: str
    linked: bool
    invoices: Sequence[Invoice] = ()
    disposable: bool = False
    shares_customer: bool = False
    # Whether Stripe is told the click with the user, so that no call of the product's is needed.
    told_by_stripe: bool = False
    # Whether that was told before anything went wrong, and so before any payment.
    shared_from_the_start: bool = False

    @property
    def customer(self) -> str:
        return f"cus_{self.user}"


@dataclass(frozen=True)
class History:
    """One run: the settings, who is there, what they do, and what goes wrong."""

    seed: int
    start: datetime
    environment: dict[str, str]
    plan: Plan
    members: tuple[Member, ...]
    # What is done before anything goes wrong, and what is done at the same time.
    opening: tuple[Act, ...]
    acts: tuple[Act, ...]
    faults: Faults

    @property
    def leavers(self) -> frozenset[str]:
        """The referrers whom somebody erases, sooner or later."""
        return frozenset(
            act.user for act in self.acts if isinstance(act, Erase) and act.user in CODES
        )

    @property
    def hold(self) -> timedelta:
        return timedelta(days=int(self.environment.get("REWARD_HOLD_DAYS", 0)))

    @property
    def cap(self) -> int:
        return int(self.environment["MONTHLY_REFERRER_REWARD_CAP"])

    @property
    def reverses(self) -> bool:
        return self.environment.get("REVERSAL_MODE") != "flag"
