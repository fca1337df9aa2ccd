"""The plans: what each includes, how fast it may be used, what more costs (docs/behaviour.md)."""

from dataclasses import dataclass
from enum import StrEnum


class Overage(StrEnum):
    """Whether credits beyond the included and granted ones may be used."""

    NONE = "none"
    WHEN_ENABLED = "when_enabled"
    ALWAYS = "always"


@dataclass(frozen=True)
class Plan:
    """Credits included a month, credits a day (None: no cap), requests a minute, dollars."""

    name: str
    dollars_a_month: int
    included: int
    daily_cap: int | None
    per_minute: int
    overage: Overage
    overage_dollars_per_1000: float | None

    def allows_overage(self, *, enabled: bool) -> bool:
        """Whether an account on this plan may go beyond its credits."""
        return self.overage is Overage.ALWAYS or (self.overage is Overage.WHEN_ENABLED and enabled)


PLANS = {
    plan.name: plan
    for plan in (
        Plan("free", 0, 2_000, 500, 5, Overage.NONE, None),
        Plan("starter", 9, 20_000, 5_000, 15, Overage.WHEN_ENABLED, 0.75),
        Plan("growth", 29, 100_000, 25_000, 45, Overage.WHEN_ENABLED, 0.45),
        Plan("pro", 79, 400_000, None, 120, Overage.ALWAYS, 0.30),
        Plan("business", 199, 1_200_000, None, 300, Overage.ALWAYS, 0.20),
        Plan("enterprise", 499, 5_000_000, None, 1_000, Overage.ALWAYS, 0.12),
    )
}
DEFAULT_PLAN = "free"
# On which the company's own begin who sign in by token: one look at the console asks nine times.
STAFF_PLAN = "business"
