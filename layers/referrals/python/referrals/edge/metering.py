"""Metering: one credit a request, taken before and given back unless the answer is a 2xx."""

from collections.abc import Callable
from datetime import datetime

from referrals.dynamodb.table import Table
from referrals.edge import clock, service
from referrals.edge.http import After, Answer
from referrals.edge.telemetry import Metric, count, logger
from referrals.rules.credits import Account, Window, seconds_left
from referrals.rules.errors import LimitExceeded
from referrals.store import metering, use
from referrals.store.metering import Charge

_MULTIPLE_CHOICES = 300
_SECONDS = {Window.MINUTE: 60, Window.DAY: 86_400}


Take = Callable[[Table, str, datetime], Charge]


def charged(user_id: str, take: Take = metering.charge) -> After:
    """Charge the account, and return what to do once the answer is known. LimitExceeded."""
    try:
        charge = take(service.table(), user_id, clock.now())
    except LimitExceeded as refusal:
        account = metering.account_of(service.table(), user_id, clock.now())
        refusal.headers = _headers(account, charged=0)
        count(Metric.METERING_REFUSALS)
        raise

    def after(answer: Answer) -> None:
        account, good = charge.account, answer["statusCode"] < _MULTIPLE_CHOICES
        if charge.source and not good:
            account = _given_back(charge)
        answer["headers"] |= _headers(account, charged=int(good and charge.source is not None))

    return after


def counted(user_id: str) -> After:
    """A service key's request: what to do once the answer is known. No plan limits it."""

    def after(answer: Answer) -> None:
        served = answer["statusCode"] < _MULTIPLE_CHOICES
        if served:
            try:
                use.count(service.table(), user_id, answer["headers"]["x-request-id"], clock.now())
            except Exception:
                # What was done is done, and its answer is worth more than its count.
                logger.exception("a request was not counted")
        answer["headers"]["X-Credits-Charged"] = str(int(served))

    return after


def _given_back(charge: Charge) -> Account:
    try:
        return metering.give_back(service.table(), charge)
    except Exception:
        # The answer is worth more than the credit: at worst one request is over-counted.
        logger.exception("a charge could not be given back")
        return charge.account


def _headers(account: Account, *, charged: int) -> dict[str, str]:
    """RateLimit fields as of draft-ietf-httpapi-ratelimit-headers-10, and the credits."""
    now, plan = clock.now(), account.plan
    policies, limits = [], []
    for window, quota, used in (
        (Window.MINUTE, plan.per_minute, account.minute_used),
        (Window.DAY, plan.daily_cap, account.day_used),
    ):
        if quota is not None:
            policies.append(f'"{window}";q={quota};w={_SECONDS[window]}')
            left, ends = max(quota - used, 0), seconds_left(window, now)
            limits.append(f'"{window}";r={left};t={ends}')
    return {
        "RateLimit-Policy": ", ".join(policies),
        "RateLimit": ", ".join(limits),
        "X-Credits-Charged": str(charged),
        "X-Credits-Remaining": str(account.remaining),
    }
