"""Metering: what one request may use, of which credits, and what it is told when it may not."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from referrals.rules.errors import LimitExceeded
from referrals.rules.plans import DEFAULT_PLAN, PLANS, Plan


class Source(StrEnum):
    """Which credits a request used, in the order of use."""

    INCLUDED = "included"
    GRANTED = "granted"
    OVERAGE = "overage"


class Window(StrEnum):
    """The UTC windows that use is counted in."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


_FORMS = {Window.MINUTE: "%Y-%m-%dT%H:%M", Window.DAY: "%Y-%m-%d", Window.MONTH: "%Y-%m"}


def window_at(window: Window, now: datetime) -> str:
    """The name of the window that holds the time; names sort as times do."""
    return now.astimezone(UTC).strftime(_FORMS[window])


def seconds_left(window: Window, now: datetime) -> int:
    """Until the window ends, rounded up."""
    now = now.astimezone(UTC)
    minute = now.replace(second=0, microsecond=0)
    if window is Window.MINUTE:
        end = minute + timedelta(minutes=1)
    elif window is Window.DAY:
        end = minute.replace(hour=0, minute=0) + timedelta(days=1)
    else:
        first = minute.replace(day=1, hour=0, minute=0)
        end = (first + timedelta(days=32)).replace(day=1)
    return max(int(-((now - end) // timedelta(seconds=1))), 1)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user's plan, granted credits and use by window. `balance` is granted credits left,
    `spent` those used ever; the month's use is told apart by source."""

    plan_name: str = DEFAULT_PLAN
    overage_enabled: bool = False
    balance: int = 0
    spent: int = 0
    minute: str = ""
    minute_used: int = 0
    day: str = ""
    day_used: int = 0
    month: str = ""
    included_used: int = 0
    granted_used: int = 0
    overage_used: int = 0

    @property
    def plan(self) -> Plan:
        """The plan; the default where the stored name is none any more."""
        return PLANS.get(self.plan_name, PLANS[DEFAULT_PLAN])

    def begun_on(self, plan_name: str) -> "Account":
        """The account on this plan, where nobody has put it on one."""
        return replace(self, plan_name=plan_name) if self.plan_name == DEFAULT_PLAN else self

    def at(self, now: datetime) -> "Account":
        """The account in the windows of a time. A clock that is behind opens no old window."""
        account = self
        if window_at(Window.MINUTE, now) > account.minute:
            account = replace(account, minute=window_at(Window.MINUTE, now), minute_used=0)
        if window_at(Window.DAY, now) > account.day:
            account = replace(account, day=window_at(Window.DAY, now), day_used=0)
        if window_at(Window.MONTH, now) > account.month:
            account = replace(
                account,
                month=window_at(Window.MONTH, now),
                included_used=0,
                granted_used=0,
                overage_used=0,
            )
        return account

    @property
    def month_used(self) -> int:
        """Credits used in the month, from every source."""
        return self.included_used + self.granted_used + self.overage_used

    @property
    def remaining(self) -> int:
        """Included and granted credits left."""
        return max(self.plan.included - self.included_used, 0) + max(self.balance, 0)


def source_of(account: Account, now: datetime) -> Source:
    """The credits that the next request uses; `account` is in today's windows. LimitExceeded."""
    plan = account.plan
    if account.minute_used >= plan.per_minute:
        raise LimitExceeded(
            f"rate limit of {plan.per_minute} a minute exceeded",
            seconds_left(Window.MINUTE, now),
        )
    if plan.daily_cap is not None and account.day_used >= plan.daily_cap:
        raise LimitExceeded(
            f"daily cap of {plan.daily_cap} exceeded", seconds_left(Window.DAY, now)
        )
    if account.included_used < plan.included:
        return Source.INCLUDED
    if account.balance > 0:
        return Source.GRANTED
    if plan.allows_overage(enabled=account.overage_enabled):
        return Source.OVERAGE
    raise LimitExceeded(
        "monthly credits are used up and overage is off", seconds_left(Window.MONTH, now)
    )
