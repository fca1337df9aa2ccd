"""Plans, use and granted credits."""

from typing import Literal

from pydantic import BaseModel

from referrals.edge.models.codes import CodeView
from referrals.edge.models.envelope import Request
from referrals.edge.models.ledger import LedgerView
from referrals.rules.credits import Account


class PlanRequest(Request):
    """The plan to put an account on."""

    plan: Literal["free", "starter", "growth", "pro", "business", "enterprise"]
    overage: bool = False


class WindowView(BaseModel):
    """Use within one UTC window; no limit where the plan has none."""

    window: str
    used: int
    limit: int | None = None


class AccountView(BaseModel):
    """A user's plan, use and granted credits."""

    user_id: str
    plan: str
    overage: bool
    included_left: int
    granted_left: int
    granted_spent: int
    overage_used: int
    minute: WindowView
    day: WindowView
    month: WindowView

    @classmethod
    def of(cls, user_id: str, account: Account) -> "AccountView":
        """The view of an account in today's windows."""
        plan = account.plan
        return cls(
            user_id=user_id,
            plan=plan.name,
            overage=plan.allows_overage(enabled=account.overage_enabled),
            included_left=max(plan.included - account.included_used, 0),
            granted_left=account.balance,
            granted_spent=account.spent,
            overage_used=account.overage_used,
            minute=WindowView(
                window=account.minute, used=account.minute_used, limit=plan.per_minute
            ),
            day=WindowView(window=account.day, used=account.day_used, limit=plan.daily_cap),
            month=WindowView(window=account.month, used=account.month_used, limit=plan.included),
        )


class AccountPage(BaseModel):
    """An account with a page of its ledger, newest first.

    `code` is missing where the user never asked for one. `service_used` are the month's requests
    with the user's service keys, which no plan limits.
    """

    account: AccountView
    code: CodeView | None = None
    service_used: int
    ledger: list[LedgerView]
    next_cursor: str | None = None
